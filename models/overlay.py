"""Maintenance where the checks look for it: of each monitor one span, in its row of `monitor_state`.

It is the window that is, or comes next. What overlaps is one. What is over stays until a check has come after it, which
takes it out of the time since the check before. A window that is said to have begun long ago begins with the next
check: what was judged already is not judged anew.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from is0k.models.monitor_state import for_update_of_state
from is0k.models.sql import Row, any_of, datetime_of, execute_many, fetch
from is0k.schema.clock import milliseconds, moment
from is0k.schema.recurrence import Recurrence, Span

# So long may nobody look after it, and maintenance still begins in time.
AHEAD = timedelta(hours=2)
# Of two windows with less between them and no check, the second is written while the first is still needed: as one.
SOON = timedelta(minutes=3)
INSTANT = timedelta(milliseconds=1)


async def lock_overlays(organization_id: UUID, window_id: UUID, monitor_ids: Collection[UUID]) -> list[int]:
    """The numbers of these monitors and those the window is about, their states locked.

    Before anything refers to the monitors: who deletes one takes its state first, and would wait for us as we for them.
    """
    rows = await fetch(
        "SELECT s.number FROM monitor_state s JOIN monitor m ON m.number = s.number "
        f"WHERE m.organization_id = $1 AND (m.id {any_of('$2', 'uuid')} "
        "OR m.id IN (SELECT monitor_id FROM maintenance_monitor WHERE window_id = $3)) "
        f"ORDER BY s.number {for_update_of_state()}",
        organization_id,
        list(monitor_ids),
        window_id,
    )
    return [row["number"] for row in rows]


async def with_windows(now: datetime) -> list[int]:
    """The monitors that may have maintenance now or within AHEAD, and those that are believed to."""
    rows = await fetch(
        "SELECT m.number FROM monitor m JOIN maintenance_monitor l ON l.monitor_id = m.id "
        "JOIN maintenance_window w ON w.id = l.window_id "
        "WHERE w.starts_at <= $2 AND (w.rrule IS NOT NULL OR w.ends_at > $1) "
        "UNION SELECT number FROM monitor_state WHERE maintenance_until > $3 ORDER BY number",
        now,
        now + AHEAD,
        milliseconds(now),
    )
    return [row["number"] for row in rows]


async def outdated_overlays(numbers: Sequence[int], now: datetime) -> list[int]:
    """Those of these monitors whose overlay is not what it should be."""
    rows = await fetch(f"{SELECT} WHERE s.number {any_of('$1')}", list(numbers))
    return [number for _, _, number in _outdated(rows, await _coming(numbers, now), now)]


async def renew_overlays(numbers: Sequence[int], now: datetime) -> None:
    """Inside a transaction, which any change of their windows is part of. Only what is another is written."""
    # Locked before the windows are read: whoever changes one and comes later will see what we have written.
    select = f"{SELECT} WHERE s.number {any_of('$1')} ORDER BY s.number {for_update_of_state()}"
    rows = await fetch(select, list(numbers))
    await execute_many(
        "UPDATE monitor_state SET maintenance_from = $1, maintenance_until = $2 WHERE number = $3",
        _outdated(rows, await _coming(numbers, now), now),
    )


SELECT = "SELECT s.number, s.maintenance_from, s.maintenance_until, s.last_tick FROM monitor_state s"


def _outdated(rows: Iterable[Row], coming: dict[int, Span], now: datetime) -> list[tuple[int | None, int | None, int]]:
    """(from, until, number) of those that are to be written."""
    found = []
    for row in rows:
        start, end, number = row["maintenance_from"], row["maintenance_until"], row["number"]
        stored = None if start is None or end is None else Span(moment(start), moment(end))
        last_tick = None if row["last_tick"] is None else moment(row["last_tick"])
        wanted = overlay(stored, coming.get(number), last_tick, now)
        if wanted != stored:
            span = (milliseconds(wanted.start), milliseconds(wanted.end)) if wanted else (None, None)
            found.append((*span, number))
    return found


def overlay(stored: Span | None, coming: Span | None, last_tick: datetime | None, now: datetime) -> Span | None:
    """What should be stored: `coming` is the window that is or comes next, as its rule says now."""
    past = Span(stored.start, min(stored.end, now)) if stored and stored.start < now else None
    if coming is None:
        return past
    if past and stored and (stored.end > now or (last_tick is not None and last_tick < stored.end)):
        return Span(past.start, coming.end) if coming.start <= now + SOON else past
    unjudged = coming.start if last_tick is None else min(now, last_tick + INSTANT)
    return Span(max(coming.start, unjudged), coming.end)


async def _coming(numbers: Collection[int], now: datetime) -> dict[int, Span]:
    rows = await fetch(
        "SELECT m.number, w.starts_at, w.ends_at, w.rrule, w.timezone FROM monitor m "
        "JOIN maintenance_monitor l ON l.monitor_id = m.id JOIN maintenance_window w ON w.id = l.window_id "
        f"WHERE m.number {any_of('$3')} AND w.starts_at <= $2 AND (w.rrule IS NOT NULL OR w.ends_at > $1)",
        now,
        now + AHEAD,
        list(numbers),
    )
    spans: dict[int, list[Span]] = defaultdict(list)
    for row in rows:
        window = Recurrence(datetime_of(row["starts_at"]), datetime_of(row["ends_at"]), row["rrule"], row["timezone"])
        spans[row["number"]] += _occurrences(window, now)
    return {number: first_of(own) for number, own in spans.items() if own}


@lru_cache(maxsize=256)
def _occurrences(window: Recurrence, now: datetime) -> tuple[Span, ...]:
    """Kept, because many monitors have the same window."""
    return tuple(window.occurrences(now, now + AHEAD))


def first_of(spans: Iterable[Span]) -> Span:
    """The first, as long as it lasts with all that overlap it or begin where it ends."""
    first, *others = sorted(spans, key=lambda span: span.start)
    end = first.end
    for span in others:
        if span.start <= end:
            end = max(end, span.end)
    return Span(first.start, end)
