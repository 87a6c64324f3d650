"""Time, as something that is given: the live code, the simulation and the tests run on different clocks."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The moment in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the Unix epoch, the way the hot tables keep time."""
    return round(moment.timestamp() * 1000)


def moment(milliseconds_since_epoch: int) -> datetime:
    return datetime.fromtimestamp(milliseconds_since_epoch / 1000, UTC)
