"""A request that says who it is runs once, whatever becomes of it and of its process."""

import asyncio

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.idempotency import Answer, once
from is0k.schema.errors import IdempotencyKeyReused
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio


class Work:
    """What the request does; `started` and `may_end` let a test hold it in the middle."""

    def __init__(self) -> None:
        self.runs = 0
        self.started, self.may_end = asyncio.Event(), asyncio.Event()
        self.fails_with: BaseException | None = None

    async def __call__(self) -> Answer:
        self.runs += 1
        run = self.runs
        self.started.set()
        await self.may_end.wait()
        if self.fails_with:
            raise self.fails_with
        return Answer(201, {"location": "/x"}, f"run {run}")


@pytest.fixture
def work() -> Work:
    work = Work()
    work.may_end.set()
    return work


async def test_the_first_runs_and_the_second_gets_its_answer(ctx: Context, work: Work) -> None:
    first = await once(ctx, "k", b"1", work)
    again = await once(ctx, "k", b"1", work)

    assert first == (Answer(201, {"location": "/x"}, "run 1"), False)
    assert again == (Answer(201, {"location": "/x"}, "run 1"), True)
    assert work.runs == 1


async def test_while_it_is_under_way_nobody_else_may(ctx: Context, work: Work) -> None:
    work.may_end.clear()
    first = asyncio.create_task(once(ctx, "k", b"1", work))
    await work.started.wait()

    for fingerprint, said in ((b"1", "still under way"), (b"2", "another request")):
        with pytest.raises(IdempotencyKeyReused, match=said):
            await once(ctx, "k", fingerprint, work)

    work.may_end.set()
    assert (await first)[0].body == "run 1"
    assert work.runs == 1


async def test_after_a_fault_the_key_is_free(ctx: Context, work: Work) -> None:
    work.fails_with = RuntimeError("broken")
    with pytest.raises(RuntimeError, match="broken"):
        await once(ctx, "k", b"1", work)

    work.fails_with = None
    assert await once(ctx, "k", b"2", work) == (Answer(201, {"location": "/x"}, "run 2"), False)


async def test_what_a_killed_process_has_left_is_taken_over_after_a_minute(
    ctx: Context, clock: FakeClock, work: Work
) -> None:
    work.fails_with = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await once(ctx, "k", b"1", work)
    work.fails_with = None
    clock.move(59.999)
    with pytest.raises(IdempotencyKeyReused, match="still under way"):
        await once(ctx, "k", b"1", work)
    clock.move(0.001)

    with pytest.raises(IdempotencyKeyReused, match="another request"):
        await once(ctx, "k", b"2", work)
    assert await once(ctx, "k", b"1", work) == (Answer(201, {"location": "/x"}, "run 2"), False)


async def test_who_was_overtaken_does_not_write_over_the_answer_of_who_took_over(
    ctx: Context, clock: FakeClock, work: Work
) -> None:
    slow = Work()
    overtaken = asyncio.create_task(once(ctx, "k", b"1", slow))
    await slow.started.wait()
    clock.move(60)
    work.runs = 1
    assert (await once(ctx, "k", b"1", work))[0].body == "run 2"

    slow.may_end.set()
    assert (await overtaken)[0].body == "run 1"
    assert (await once(ctx, "k", b"1", work))[0].body == "run 2"


async def test_who_was_overtaken_and_fails_does_not_free_the_key(ctx: Context, clock: FakeClock, work: Work) -> None:
    slow = Work()
    slow.fails_with = RuntimeError("late")
    overtaken = asyncio.create_task(once(ctx, "k", b"1", slow))
    await slow.started.wait()
    clock.move(60)
    await once(ctx, "k", b"1", work)
    slow.may_end.set()

    with pytest.raises(RuntimeError, match="late"):
        await overtaken
    assert await models.IdempotentAnswer.all().count() == 1
