"""Who may come in: each request is charged to the key it shows, or to the address it comes from."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog

from is0k.resolvers.authentication import authenticate
from is0k.resolvers.context import Actor
from is0k.resolvers.rate_limits import RateLimiter
from is0k.resolvers.windows import Allowance
from is0k.schema.clock import Clock
from is0k.schema.errors import DomainError, InternalError, InvalidApiKey
from is0k.schema.http_errors import RateLimited

ANONYMOUS_PER_MINUTE = 60
# Fewer: somebody may be guessing. A good key from the same address is not counted here.
WRONG_KEYS_PER_MINUTE = 20

log = structlog.get_logger("is0k.admission")


class Bucket(NamedTuple):
    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, or why they may not. Without a key both are None: then each verb says what it takes."""

    bucket: Bucket
    allowance: Allowance
    actor: Actor | None = None
    refusal: DomainError | None = None

    def let_in(self) -> Actor | None:
        if self.refusal:
            raise self.refusal
        return self.actor


def caller_of(scope: MutableMapping[str, Any]) -> Caller:
    """Where the middleware has left it, of an ASGI scope."""
    caller = scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller


class Gate:
    def __init__(self, clock: Clock, limiter: RateLimiter) -> None:
        self.clock, self._limiter = clock, limiter

    async def admit(self, authorization: str | None, address: str) -> Caller:
        """Never raises: what is wrong is the caller's refusal, for each door to tell in its own words."""
        anonymous = Bucket(f"address:{address}", ANONYMOUS_PER_MINUTE)
        try:
            actor = await authenticate(authorization, self.clock)
        except InvalidApiKey as error:
            return await self._charged(Bucket(f"wrong:{address}", WRONG_KEYS_PER_MINUTE), refusal=error)
        except DomainError as error:
            return await self._charged(anonymous, refusal=error)
        except Exception:
            log.exception("request failed")
            return await self._charged(anonymous, refusal=InternalError())
        return await self._charged(_bucket_of(actor) if actor else anonymous, actor)

    async def turn_away(self, refusal: DomainError, address: str) -> Caller:
        """Whoever asks: it is the request that is wrong."""
        return await self._charged(Bucket(f"address:{address}", ANONYMOUS_PER_MINUTE), refusal=refusal)

    async def charge_again(self, caller: Caller) -> Allowance:
        """For one more message over a connection that stays."""
        return await self._limiter.charge(*caller.bucket)

    async def _charged(self, bucket: Bucket, actor: Actor | None = None, refusal: DomainError | None = None) -> Caller:
        allowance = await self._limiter.charge(*bucket)
        if not allowance.is_accepted:
            refusal = RateLimited(allowance.limit, allowance.resets_in_seconds)
        return Caller(bucket, allowance, actor, refusal)


def _bucket_of(actor: Actor) -> Bucket:
    limit = actor.requests_per_minute
    assert limit is not None, "a plan without an API is refused before"
    return Bucket(f"key:{actor.key_id}", limit)
