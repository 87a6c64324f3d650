"""When a repeating span of time comes round: an RFC 5545 rule over the wall clock of a time zone, in pure functions.

An occurrence begins at the same time of day whatever daylight saving does, and each lasts exactly as long as the first
(RFC 5545 §3.8.5.3). A time the clock jumps over is told by the offset before the jump, one it shows twice is the first
of the two (§3.3.5). The work does not grow with the age of a rule: it is begun anew close to the time asked about.

dateutil looks for the next occurrence up to the year 9999. The calendar is the same again after 400 years, so it is
asked about the last 400 of those: a rule that never comes again is found out in that many.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from is0k.schema.recurrence_rule import WEEKDAYS, until_of, words

DAY = timedelta(days=1)
# Leap days are eight years apart at most. What comes later than this is as good as never, of a COUNT too.
HORIZON = timedelta(days=40 * 366)
CYCLE_YEARS = 400


@dataclass(frozen=True, slots=True)
class Span:
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The first time, and how it repeats: `rrule` is a rule that `words` has read, or None for once."""

    starts_at: datetime
    ends_at: datetime
    rrule: str | None
    timezone: str

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    def occurrences(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Those that touch [start, end), in order."""
        for at in self._starts(start - self.length, end):
            if at + self.length > start:
                yield Span(at, at + self.length)

    def active(self, now: datetime) -> Span | None:
        return next(self.occurrences(now, now + timedelta(microseconds=1)), None)

    def next(self, now: datetime) -> Span | None:
        """The first that begins after now."""
        later = self._starts(now, max(now, self.starts_at) + HORIZON)
        return next((Span(at, at + self.length) for at in later if at > now), None)

    def _starts(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """When those begin that begin in [start, end), in order."""
        return (at for at in self._all_starts(start, end) if start <= at < end)

    def _all_starts(self, start: datetime, end: datetime) -> Iterable[datetime]:
        if self.rrule is None:
            return [self.starts_at]
        rule = words(self.rrule)
        return _counted(self) if "COUNT" in rule else in_order(_moments(self, rule, start, end))


@lru_cache(maxsize=256)
def _counted(recurrence: Recurrence) -> tuple[datetime, ...]:
    """A rule with a COUNT can only be counted from its beginning."""
    rule = words(recurrence.rrule or "")
    start = recurrence.starts_at
    return tuple(in_order(islice(_moments(recurrence, rule, start, start + HORIZON), int(rule["COUNT"]))))


def _moments(recurrence: Recurrence, rule: dict[str, str], start: datetime, end: datetime) -> Iterator[datetime]:
    """When the occurrences of [start, end), and some around it, begin; in the order of their wall clock."""
    zone, until = ZoneInfo(recurrence.timezone), until_of(rule)
    first = recurrence.starts_at.astimezone(zone).replace(tzinfo=None)
    # A day more at both ends: no clock is put forward or back by more.
    begin = (start - DAY).astimezone(zone).replace(tzinfo=None)
    last = (min(end, until or end) + DAY).astimezone(zone).replace(tzinfo=None)
    for time in _wall_clock(rule, first, begin, last):
        # The first one is known better than its wall clock tells it, which may show it twice.
        at = recurrence.starts_at if time == first else time.replace(tzinfo=zone).astimezone(UTC)
        if until is None or at <= until:
            yield at


def _wall_clock(rule: dict[str, str], first: datetime, begin: datetime, last: datetime) -> Iterator[datetime]:
    anchor = _anchor(rule, first, begin)
    years = (MAXYEAR - max(anchor.year, last.year)) // CYCLE_YEARS * CYCLE_YEARS
    early, late = (time.replace(year=time.year + years) for time in (anchor, last))
    for found in rrulestr(_text(rule, first, late), dtstart=early):
        time = found.replace(year=found.year - years)
        if time >= first:
            yield time


def in_order(times: Iterator[datetime]) -> Iterator[datetime]:
    """Sorted, and each once: where the clock jumps forward, 02:45 comes after 03:00, and 02:00 with it."""
    waiting: list[datetime] = []
    given = None
    for time in times:
        heappush(waiting, time)
        while time - waiting[0] > DAY:
            if (at := heappop(waiting)) != given:
                yield at
            given = at
    for at in sorted(set(waiting) - {given}):
        yield at


def _text(rule: dict[str, str], first: datetime, last: datetime) -> str:
    """The rule for dateutil, with what it would take from its own beginning (RFC 5545 §3.3.10) said outright."""
    frequency = rule["FREQ"]
    said = {"BYMINUTE": str(first.minute), "BYSECOND": str(first.second)}
    if frequency != "HOURLY":
        said["BYHOUR"] = str(first.hour)
    if not rule.keys() & {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"}:
        if frequency == "YEARLY":
            said["BYMONTH"] = str(first.month)
        if frequency in ("YEARLY", "MONTHLY"):
            said["BYMONTHDAY"] = str(first.day)
        if frequency == "WEEKLY":
            said["BYDAY"] = WEEKDAYS[first.weekday()]
    said |= {name: value for name, value in rule.items() if name != "COUNT"}
    said |= {"UNTIL": last.strftime("%Y%m%dT%H%M%S")}
    return ";".join(f"{name}={value}" for name, value in said.items())


def _anchor(rule: dict[str, str], first: datetime, begin: datetime) -> datetime:
    """The start of a year, month, week, day or hour that the rule steps on: the last before `begin`, or the first."""
    every = int(rule.get("INTERVAL", "1"))
    hour = first.replace(minute=0, second=0, fold=0)
    day = hour.replace(hour=0)
    match rule["FREQ"]:
        case "YEARLY":
            years = max(0, begin.year - first.year) // every * every
            return day.replace(year=first.year + years, month=1, day=1)
        case "MONTHLY":
            months = max(0, (begin.year - first.year) * 12 + begin.month - first.month) // every * every
            year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
            return day.replace(year=year, month=month + 1, day=1)
        case "WEEKLY":
            week = day - (day.weekday() - WEEKDAYS.index(rule.get("WKST", "MO"))) % 7 * DAY
            return _stepped(week, begin, 7 * every * DAY)
        case "DAILY":
            return _stepped(day, begin, every * DAY)
        case _:
            return _stepped(hour, begin, timedelta(hours=every))


def _stepped(start: datetime, begin: datetime, step: timedelta) -> datetime:
    return start + max(0, (begin - start) // step) * step
