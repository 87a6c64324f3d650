"""A request that says who it is runs once: its repeats get the answer of the first.

What is kept is what was done. A refusal changed nothing, so its key is free again, and the request may be put right
and sent anew; so it is after a fault of ours.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from is0k.models.idempotency import REMEMBERED_MS, Claim, claim, free, keep, read
from is0k.resolvers.context import Context
from is0k.schema.clock import milliseconds
from is0k.schema.errors import IdempotencyKeyReused

# No route takes as long: who is still at it has died on the way.
LONGEST_RUN_MS = 60_000
# Between two statements another request may free the key; more often than this it is no chance.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


async def once(ctx: Context, key: str, fingerprint: bytes, run: Callable[[], Awaitable[Answer]]) -> tuple[Answer, bool]:
    """The answer, and whether it is an earlier one. Raises IdempotencyKeyReused, and whatever `run` does."""
    for _ in range(ATTEMPTS):
        if claimed := await _claim(ctx, key, fingerprint):
            return await _run(claimed, run), False
        if found := await read(ctx.organization_id, key):
            if found.fingerprint != fingerprint:
                raise IdempotencyKeyReused("This Idempotency-Key was sent with another request")
            if found.answer:
                return Answer(**found.answer), True
            break
    raise IdempotencyKeyReused("The first request with this Idempotency-Key is still under way; try again in a moment")


async def _claim(ctx: Context, key: str, fingerprint: bytes) -> Claim | None:
    now = ctx.clock.now()
    return await claim(
        ctx.organization_id,
        key,
        fingerprint,
        now=milliseconds(now),
        forgotten_at=milliseconds(now) - REMEMBERED_MS,
        abandoned_at=milliseconds(now) - LONGEST_RUN_MS,
    )


async def _run(claimed: Claim, run: Callable[[], Awaitable[Answer]]) -> Answer:
    # Cancelled, it may have been done or not: the claim stays, and runs out like that of a process that was killed.
    try:
        answer = await run()
    except Exception:
        await free(claimed)
        raise
    await keep(claimed, asdict(answer))
    return answer
