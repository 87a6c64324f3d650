"""What the checks have made of a monitor, and when it is due. One narrow row a monitor, written with every check.

All times are milliseconds since the Unix epoch. `number` is the monitor's; the row lives and dies with it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from is0k.models.sql import Row, any_of, execute, execute_many, fetch, for_update, literal, skip_locked
from is0k.schema.enums import MonitorStatus, MonitorType

# Later than this a slot was missed (everything was stopped), and its check is spread over what is left of a minute.
OVERDUE_MS = 5_000
LONGEST_SPREAD_MS = 60_000
UNWATCHED_MS = 60_000


class MonitorState(Model):
    number = fields.IntField(primary_key=True)
    # Schedule. Slots are aligned to the epoch with a phase from the id: load is flat, and a restart does not bunch.
    interval_ms = fields.BigIntField()
    phase_ms = fields.BigIntField()
    regions = fields.CharField(max_length=1100, default="")
    next_at: int | None = fields.BigIntField(null=True)  # null: paused
    slot_at: int | None = fields.BigIntField(null=True)  # the slot claimed last
    version = fields.IntField(default=0)  # goes up with every edit, so that workers may cache what they have read
    # Verdict (jobs/verdict.py says what these mean).
    epoch = fields.IntField(default=0)
    epoch_since: int | None = fields.BigIntField(null=True)  # null: paused, or from before this was kept
    status = fields.CharField(max_length=20, default=MonitorStatus.PENDING.value)
    told = fields.CharField(max_length=20, default=MonitorStatus.PENDING.value, db_default=MonitorStatus.PENDING.value)
    last_tick: int | None = fields.BigIntField(null=True)
    is_blind = fields.BooleanField(default=False)
    memory: str | None = fields.TextField(null=True)  # jobs/memory.py
    # Where it failed just now, if it may be checked anywhere.
    suspect_in = fields.CharField(max_length=50, null=True)
    maintenance_from: int | None = fields.BigIntField(null=True)  # the window that is, comes next, or was last
    maintenance_until: int | None = fields.BigIntField(null=True)
    # The latest check, as lists show it.
    last_status = fields.CharField(max_length=20, null=True)
    last_checked_at: int | None = fields.BigIntField(null=True)
    last_status_change_at: int | None = fields.BigIntField(null=True)
    last_latency_us: int | None = fields.BigIntField(null=True)
    last_reason = fields.CharField(max_length=30, null=True)
    last_message = fields.TextField(null=True)

    class Meta:
        table = "monitor_state"
        indexes = (Index(fields=("next_at",)),)


def phase_ms(id: UUID, interval_ms: int) -> int:
    return int.from_bytes(hashlib.sha256(id.bytes).digest()[:8]) % interval_ms


async def claim(now: int, horizon: int, limit: int) -> list[Row]:
    """Take the slots due until `horizon` and move each monitor on to its first slot after that and now: one statement.

    Whoever claims a slot owns it, so any number of schedulers may run. An overdue monitor gets one slot, not one for
    each it has missed, and what it goes on with lies behind that one. After a check out of turn the slot claimed before
    may still be to come: it is not taken twice.
    """
    return await fetch(
        f"""
        UPDATE monitor_state SET slot_at = next_at, next_at = phase_ms + interval_ms *
            ((CASE WHEN slot_at > next_at AND slot_at > $1 THEN slot_at WHEN next_at > $1 THEN next_at
                WHEN next_at >= $1 - {OVERDUE_MS} THEN $1
                WHEN interval_ms < {LONGEST_SPREAD_MS} THEN $1 + interval_ms ELSE $1 + {LONGEST_SPREAD_MS} END
                - phase_ms) / interval_ms + 1)
        WHERE number IN (
            SELECT number FROM monitor_state WHERE next_at <= $2 ORDER BY next_at LIMIT $3 {skip_locked()})
        RETURNING number, slot_at, epoch, version, interval_ms, phase_ms, regions, suspect_in
        """,
        now,
        horizon,
        limit,
    )


def start_of(slot_at: int, now: int, phase_ms: int, interval_ms: int) -> int:
    """When the check of a slot claimed at `now` begins: at the slot. One that was missed is put off to the monitor's
    next slot, or by its phase if that is far, so that a restart is not a stampede."""
    if slot_at >= now - OVERDUE_MS:
        return slot_at
    if interval_ms > LONGEST_SPREAD_MS:
        return now + phase_ms % LONGEST_SPREAD_MS
    return phase_ms + interval_ms * ((now - phase_ms) // interval_ms + 1)


async def lock_states(numbers: Sequence[int]) -> list[Row]:
    """What the verdict needs of these monitors, their rows locked. One that is paused or gone is left out.

    Locked in the order of their numbers, so that two writers never wait for each other in a circle.
    """
    return await fetch(
        "SELECT s.number, s.interval_ms, s.regions, s.epoch, s.status, s.told, s.last_tick, s.is_blind, s.memory, "
        "s.maintenance_from, s.maintenance_until, s.last_status, s.last_status_change_at, m.retries, "
        "m.recovery_checks, m.type, m.id, m.organization_id "
        "FROM monitor_state s JOIN monitor m ON m.number = s.number "
        f"WHERE s.number {any_of('$1')} AND NOT m.paused ORDER BY s.number {for_update_of_state()}",
        list(numbers),
    )


def for_update_of_state() -> str:
    return f"{for_update()} OF s" if for_update() else ""


async def save_states(rows: Iterable[Sequence[object]]) -> None:
    """Rows of the columns below, the number last. When a monitor is due stays as it is: see `recheck`."""
    await execute_many(
        """
        UPDATE monitor_state SET status = $1, told = $2, last_tick = $3, is_blind = $4, memory = $5, suspect_in = $6,
            last_status = $7, last_checked_at = $8, last_status_change_at = $9, last_latency_us = $10,
            last_reason = $11, last_message = $12
        WHERE number = $13
        """,
        rows,
    )


async def recheck(rows: Iterable[tuple[int, int]]) -> None:
    """(number, when) each: due then, or before if it is already; never later, and not when it is paused.

    A slot that is claimed and not judged yet is as good as a recheck, and one before it would come too late to count.
    """
    await execute_many(
        "UPDATE monitor_state SET next_at = $2 "
        "WHERE number = $1 AND next_at > $2 AND (slot_at IS NULL OR slot_at <= last_tick)",
        rows,
    )


async def recheck_blind(region: str, now: int, spread_ms: int) -> None:
    """We see again: look soon at all monitors of the region of which nothing is known, spread over that time.

    It may be said again and again: what is due before stays, and what is claimed or locked is being looked at.
    """
    soon = "CAST($1 AS BIGINT) + phase_ms % CASE WHEN interval_ms < $2 THEN interval_ms ELSE CAST($2 AS BIGINT) END"
    await execute(
        f"""
        UPDATE monitor_state SET next_at = {soon} WHERE number IN (
            SELECT number FROM monitor_state WHERE is_blind AND next_at > {soon}
                AND (slot_at IS NULL OR slot_at <= last_tick)
                AND (regions = '' OR ' ' || regions || ' ' LIKE $3 ESCAPE '\\')
            ORDER BY number {skip_locked()})
        """,
        now,
        spread_ms,
        f"% {literal(region)} %",
    )


async def begin_epoch(number: int, interval_ms: int, phase: int, regions: str, next_at: int | None) -> None:
    """The monitor was paused, resumed or pointed elsewhere: what is under way no longer counts, the runs begin anew."""
    await execute(
        """
        UPDATE monitor_state SET interval_ms = $1, phase_ms = $2, regions = $3, next_at = $4, version = version + 1,
            epoch = epoch + 1, epoch_since = $4, last_tick = NULL, memory = NULL, suspect_in = NULL, is_blind = $5
        WHERE number = $6
        """,
        interval_ms,
        phase,
        regions,
        next_at,
        False,
        number,
    )


async def forget_outage(number: int) -> None:
    """What people were told of it is over: if it lasts, it will be told anew. That it flapped is forgotten too."""
    after = "CASE WHEN status = $1 THEN $2 ELSE status END"
    down, pending = MonitorStatus.DOWN.value, MonitorStatus.PENDING.value
    await execute(
        f"UPDATE monitor_state SET status = {after}, told = {after}, memory = NULL WHERE number = $3",
        down,
        pending,
        number,
    )


async def reschedule(number: int, interval_ms: int, phase: int, regions: str, now: int) -> None:
    """The monitor was edited, but what it watches is the same: the verdict goes on, the slots move at once.

    A slot that is claimed ahead of its time is not claimed again.
    """
    await execute(
        """
        UPDATE monitor_state SET interval_ms = $1, phase_ms = $2, regions = $3, version = version + 1,
            next_at = CASE WHEN next_at IS NULL THEN NULL ELSE $2 + $1 *
                ((CASE WHEN slot_at > $4 THEN slot_at ELSE CAST($4 AS BIGINT) END - $2) / $1 + 1) END
        WHERE number = $5
        """,
        interval_ms,
        phase,
        regions,
        now,
        number,
    )


async def overdue_ms(now: int) -> int:
    """How late the most overdue monitor is: the scheduler's lag."""
    rows = await fetch("SELECT min(next_at) AS first FROM monitor_state")
    first = rows[0]["first"]
    return max(0, now - first) if first is not None else 0


async def bring_forward(number: int, now: int) -> int | None:
    """Check now, out of turn, or at the slot that is due already. That slot; None when the monitor is paused or gone.

    The schedule goes on with its regular slots afterwards.
    """
    rows = await fetch(
        "UPDATE monitor_state SET next_at = CASE WHEN next_at > $1 THEN $1 ELSE next_at END "
        "WHERE number = $2 AND next_at IS NOT NULL RETURNING next_at",
        now,
        number,
    )
    return rows[0]["next_at"] if rows else None


async def expect(rows: Iterable[tuple[int, int]]) -> None:
    """(number, when) each, in the order of the numbers: something is to be seen then, before the regular slot."""
    await execute_many("UPDATE monitor_state SET next_at = $2 WHERE number = $1 AND next_at > $2", rows)


async def give_back(slots: Iterable[tuple[int, int, int]]) -> None:
    """(number, when, version) each: undo a claim that was not kept; due then, unless it was edited meanwhile.

    In the order of the numbers, as writers lock them.
    """
    await execute_many(
        "UPDATE monitor_state SET next_at = $2 WHERE number = $1 AND version = $3 AND next_at > $2", sorted(slots)
    )


async def start_over(now: int, tolerance_ms: int) -> int:
    """Begin anew where the wall clock was set back: how many monitors were due further off than their interval.

    Nothing would be due until the clock is where it was, nor any result count, being older than the latest.
    """
    return await execute(
        """
        UPDATE monitor_state SET next_at = phase_ms + interval_ms * ((CAST($1 AS BIGINT) - phase_ms) / interval_ms + 1),
            slot_at = NULL, epoch = epoch + 1, epoch_since = $1, last_tick = NULL, memory = NULL
        WHERE next_at > $1 AND next_at - interval_ms - $2 > $1
        """,
        now,
        tolerance_ms,
    )


async def recheck_lost(now: int, patience_ms: int) -> int:
    """A confirmation that went to another region and was never heard of again is made here: how many. An hourly monitor
    would else stay in doubt until its next slot. A row that somebody holds is just being judged."""
    return await execute(
        "UPDATE monitor_state SET next_at = $1, suspect_in = NULL WHERE number IN (SELECT number FROM monitor_state "
        "WHERE suspect_in IS NOT NULL AND next_at > $1 AND slot_at > last_tick AND slot_at < $2 "
        f"ORDER BY number {skip_locked()})",
        now,
        now - patience_ms,
    )


async def mark_unwatched(now: int) -> list[Row]:
    """Monitors nobody has looked at for two and a half intervals and a minute are no longer known to be well or ill.

    Returned are those that were until now. The next check that counts makes them known again. A row that somebody
    holds is just being looked at. Before its first call a heartbeat has no checks, and nobody fails to look.
    """
    marked = await fetch(
        f"""
        UPDATE monitor_state SET is_blind = $2 WHERE number IN (
            SELECT number FROM monitor_state WHERE next_at IS NOT NULL AND NOT is_blind
                AND COALESCE(last_tick, epoch_since) + interval_ms * 5 / 2 + {UNWATCHED_MS} < $1
                AND (last_tick IS NOT NULL OR NOT EXISTS (
                    SELECT 1 FROM monitor m WHERE m.number = monitor_state.number AND m.type = $3))
            ORDER BY number {skip_locked()})
        RETURNING number
        """,
        now,
        True,
        MonitorType.HEARTBEAT.value,
    )
    numbers = [row["number"] for row in marked]
    return await fetch(
        "SELECT m.id, m.organization_id, s.status FROM monitor_state s JOIN monitor m ON m.number = s.number "
        f"WHERE s.number {any_of('$1')} ORDER BY s.number",
        numbers,
    )
