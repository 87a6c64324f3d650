"""A maintenance window: planned work on some monitors' targets, once or again and again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import strawberry
from strawberry import UNSET

from is0k.schema.enums import MaintenanceStatus
from is0k.schema.faults import Fault
from is0k.schema.node import Node
from is0k.schema.recurrence import Recurrence
from is0k.schema.recurrence_rule import BadRule, fits, words
from is0k.schema.rules import Each, Text, anything, rule, timezone, timezones

TITLE, RRULE, MONITOR_IDS = Text(1, 200), Text(1, 500), Each(anything, 1000)
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=30)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# More than a year of days, and two leap years: the shortest day, month and year are among them.
LOOKED_AT, LOOKED_AHEAD = 400, timedelta(days=8 * 366)
REPEAT = "RFC 5545, such as FREQ=WEEKLY;BYDAY=SU; null: once. It keeps the wall clock of the time zone."


@strawberry.type
class MaintenanceWindow(Node):
    title: str
    starts_at: datetime = strawberry.field(description="When it begins; of one that repeats: the first time.")
    ends_at: datetime
    rrule: str | None = strawberry.field(description=REPEAT)
    timezone: str
    monitor_ids: list[strawberry.ID]
    status: MaintenanceStatus
    next_starts_at: datetime | None = strawberry.field(description="When it begins next, after now.")
    created_at: datetime
    updated_at: datetime


@strawberry.input
class CreateMaintenanceWindowInput:
    title: str = strawberry.field(metadata=rule(TITLE))
    starts_at: datetime = strawberry.field(description="In whole seconds.")
    ends_at: datetime
    rrule: str | None = strawberry.field(default=None, description=REPEAT, metadata=rule(RRULE))
    timezone: str = strawberry.field(default="UTC", metadata=rule(timezone))
    monitor_ids: list[strawberry.ID] = strawberry.field(default_factory=list, metadata=rule(MONITOR_IDS))

    def faults(self) -> Iterator[Fault]:
        yield from schedule_faults(self.starts_at, self.ends_at, self.rrule, self.timezone)


@strawberry.input(description="What is present is set, what is absent is kept, null goes back to the default.")
class UpdateMaintenanceWindowInput:
    title: str | None = strawberry.field(default=UNSET, metadata=rule(TITLE))
    starts_at: datetime | None = UNSET
    ends_at: datetime | None = UNSET
    rrule: str | None = strawberry.field(default=UNSET, description=REPEAT, metadata=rule(RRULE))
    timezone: str | None = strawberry.field(default=UNSET, metadata=rule(timezone))
    monitor_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, metadata=rule(MONITOR_IDS))

    def faults(self) -> Iterator[Fault]:
        for name in ("title", "starts_at", "ends_at"):
            if getattr(self, name) is None:
                yield Fault((name,), "REQUIRED", "Must not be null")


def schedule_faults(starts_at: object, ends_at: object, rrule: object, timezone: object) -> Iterator[Fault]:
    """What is wrong with the four together. What is missing or wrong by itself has been told already."""
    if not isinstance(starts_at, datetime) or not isinstance(ends_at, datetime):
        return
    starts_at, ends_at = starts_at.replace(microsecond=0), ends_at.replace(microsecond=0)
    first = Recurrence(starts_at, ends_at, None, "UTC")
    wrong = [*_span_faults(first)]
    yield from wrong
    if isinstance(rrule, str) and rrule:
        try:
            rule = words(rrule)
        except BadRule as error:
            yield Fault(("rrule",), "BAD_RRULE", str(error))
            return
        if not wrong and timezone in timezones():
            yield from _repeat_faults(Recurrence(starts_at, ends_at, rrule, str(timezone)), rule)


def _span_faults(span: Recurrence) -> Iterator[Fault]:
    if not EARLIEST <= span.starts_at < LATEST:
        yield Fault(("starts_at",), "OUT_OF_RANGE", f"Must be from the year {EARLIEST.year} to {LATEST.year - 1}")
    if span.ends_at <= span.starts_at:
        yield Fault(("ends_at",), "OUT_OF_RANGE", "Must be after startsAt")
    elif not SHORTEST <= span.length <= LONGEST:
        yield Fault(("ends_at",), "OUT_OF_RANGE", "Must be a minute to 30 days after startsAt")


def _repeat_faults(window: Recurrence, rule: dict[str, str]) -> Iterator[Fault]:
    starts: list[datetime] = []
    if fits(rule, window.starts_at.astimezone(ZoneInfo(window.timezone))):
        found = window.occurrences(window.starts_at, window.starts_at + LOOKED_AHEAD)
        starts = [span.start for span in islice(found, LOOKED_AT)]
    if starts[:1] != [window.starts_at]:
        yield Fault(("starts_at",), "NOT_IN_RRULE", "Must be the first time of the rule, in its time zone")
    elif any(after - before <= window.length for before, after in pairwise(starts)):
        yield Fault(("rrule",), "OVERLAP", "Comes again before it has ended: endsAt must be sooner, or the rule rarer")


@strawberry.input
class MaintenanceWindowFilter:
    status: MaintenanceStatus | None = None
    monitor_id: strawberry.ID | None = strawberry.field(default=None, description="Those that are about this monitor.")
    q: str | None = strawberry.field(
        default=None, description="Part of the title, in any letter case.", metadata=rule(Text(1, 100))
    )
