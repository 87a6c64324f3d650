"""A clock that stands until it is moved."""

from datetime import UTC, datetime, timedelta

from is0k.schema.clock import milliseconds


class FakeClock:
    def __init__(self, start: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    @property
    def ms(self) -> int:
        return milliseconds(self._now)

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
