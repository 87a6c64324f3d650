"""What people are told of a status that changes, and when it is held back. Pure, like the verdict it belongs to.

Held while maintenance lasts: at its end one word, if things are not as they were before. Held while a monitor flaps:
six changes within half an hour are told once, then nothing until it has been the same for ten minutes; until then its
incident stays open.
"""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, Protocol

from is0k.schema.enums import MonitorStatus, Reason

FLAPPING_FLIPS = 6
FLAPPING_MS = 30 * 60_000
STABLE_MS = 10 * 60_000


class Window(NamedTuple):
    """[start, end) in milliseconds since the epoch."""

    start: int
    end: int

    def holds(self, at: int) -> bool:
        return self.start <= at < self.end

    def overlap_ms(self, start: int, end: int) -> int:
        return max(0, min(self.end, end) - max(self.start, start))


class Told(NamedTuple):
    """What people believe, because it was told last; and when it went down or came up lately."""

    status: MonitorStatus = MonitorStatus.PENDING
    flips: tuple[int, ...] = ()
    is_down: bool = False  # as of the last flip, told or not
    is_flapping: bool = False


class Change(Enum):
    WENT_DOWN = "went_down"
    CAME_UP = "came_up"
    DEGRADED = "degraded"
    IMPROVED = "improved"
    FLAPPING = "flapping"


class Transition(NamedTuple):
    change: Change
    at: int
    reason: Reason
    message: str | None


class Rules(Protocol):
    @property
    def maintenance(self) -> Window | None: ...
    @property
    def is_patient(self) -> bool: ...


def tell(
    rules: Rules,
    told: Told,
    status: MonitorStatus,
    tick: int,
    why: tuple[Reason, str | None],
    began: Callable[[MonitorStatus], int],
) -> tuple[Told, tuple[Transition, ...]]:
    """What is told now that the status is this, and what is to be said."""
    is_down = status is MonitorStatus.DOWN
    if rules.maintenance and rules.maintenance.holds(tick):
        return told._replace(is_down=is_down), ()
    if is_down is not told.is_down:
        told = told._replace(is_down=is_down, flips=(*told.flips, tick)[-FLAPPING_FLIPS:])
    if rules.is_patient:
        told, begins = _flap(told, tick)
        if begins:
            return _tell_flapping(told, tick, why, began)
    change = None if told.is_flapping else _change(told.status, status)
    if change is None:
        return told if told.is_flapping else told._replace(status=status), ()
    at = began(status)
    if rules.maintenance and rules.maintenance.holds(at):
        at = rules.maintenance.end
    return told._replace(status=status), (Transition(change, at, *why),)


def _flap(told: Told, tick: int) -> tuple[Told, bool]:
    """Whether it begins to flap now."""
    if told.is_flapping:
        return told._replace(is_flapping=tick - told.flips[-1] < STABLE_MS), False
    begins = len(told.flips) == FLAPPING_FLIPS and told.flips[-1] == tick and tick - told.flips[0] <= FLAPPING_MS
    return told._replace(is_flapping=begins), begins


def _tell_flapping(
    told: Told, tick: int, why: tuple[Reason, str | None], began: Callable[[MonitorStatus], int]
) -> tuple[Told, tuple[Transition, ...]]:
    """While it lasts the monitor is taken to be down, as it is every few minutes."""
    flapping = Transition(Change.FLAPPING, tick, *why)
    if told.status is MonitorStatus.DOWN:
        return told, (flapping,)
    down = Transition(Change.WENT_DOWN, began(MonitorStatus.DOWN), *why)
    return told._replace(status=MonitorStatus.DOWN), (down, flapping)


def _change(before: MonitorStatus, after: MonitorStatus) -> Change | None:
    if after is before:
        return None
    if after is MonitorStatus.DOWN:
        return Change.WENT_DOWN
    if before is MonitorStatus.DOWN:
        return Change.CAME_UP
    if after is MonitorStatus.DEGRADED:
        return Change.DEGRADED
    return Change.IMPROVED if before is MonitorStatus.DEGRADED else None
