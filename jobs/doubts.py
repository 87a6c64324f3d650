"""Which outcomes our own troubles can explain."""

from typing import NamedTuple

from is0k.probes.base import Outcome
from is0k.schema.enums import CheckStatus, Reason

# A refusal, a status or a certificate is the target's own, however late we look at it.
OF_TIME = frozenset(
    (
        Reason.TIMEOUT,
        Reason.DNS_ERROR,
        Reason.CONNECTION_RESET,
        Reason.CONNECTION_ERROR,
        Reason.PACKET_LOSS,
        Reason.ASSERTION_FAILED,
    )
)


class Look(NamedTuple):
    """One check. `began` in seconds of the monotonic clock."""

    number: int
    began: float
    asks_system: bool = True  # for the target's name, rather than a name server of the monitor's own


def depends_on_time(outcome: Outcome) -> bool:
    """Whether it might have been well, had this process not been held up."""
    is_slow = outcome.status is CheckStatus.DEGRADED and outcome.reason is Reason.OK
    return is_slow or outcome.reason in OF_TIME


def depends_on_names(look: Look, outcome: Outcome) -> bool:
    """Whether a look-up of the system failed, or took all the time there was."""
    if not look.asks_system:
        return False
    never_resolved = outcome.timings.dns_ms is None and not outcome.detail.get("addresses")
    return outcome.reason is Reason.DNS_ERROR or (outcome.reason is Reason.TIMEOUT and never_resolved)
