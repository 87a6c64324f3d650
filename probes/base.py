"""What every probe shares: what it is given, and what it returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from is0k.probes.guard import Guard
from is0k.schema.enums import CheckStatus, Reason


@dataclass(frozen=True, slots=True)
class Timings:
    """How long each phase took, in milliseconds; None where there was no such phase."""

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What assertions may look at beyond what an Outcome says itself; None where there is no such thing.

    `body` is what was read of it, and only when asked for: `wants_body` of `Probe.run`.
    """

    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    certificate_days: float | None = None  # until the certificate expires
    answers: Sequence[str] | None = None  # of a name server, as `dig +short` prints them
    packet_loss_percent: float | None = None
    address: str | None = None  # the one that was connected to, without the port


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a probe saw. `message` is for a person and None when all is well.

    `detail` is stored with a check that is not well, and compared with that of the last good one: see
    `jobs/evidence.py` for the names in it. `facts` are not stored.
    """

    status: CheckStatus
    reason: Reason
    message: str | None = None
    latency_ms: float | None = None
    timings: Timings = Timings()
    status_code: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    facts: Facts = NO_FACTS


def judge_latency(outcome: Outcome, degraded_after_ms: int | None) -> Outcome:
    """`outcome`, degraded if all else was well and it took longer than that; None is no limit."""
    latency_ms = outcome.latency_ms
    if outcome.status is not CheckStatus.UP or degraded_after_ms is None or latency_ms is None:
        return outcome
    if latency_ms <= degraded_after_ms:
        return outcome
    message = f"took {latency_ms:.0f} ms, more than {degraded_after_ms} ms"
    return replace(outcome, status=CheckStatus.DEGRADED, message=message)


class Probe(Protocol):
    """Looks once at one kind of target. Made once per worker, used for all monitors of the type, on one event loop."""

    def __init__(self, guard: Guard) -> None: ...

    async def run(self, settings: Any, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        """Never raises for what the target does: that is an Outcome. Ends within the time-out."""
        ...

    async def close(self) -> None: ...
