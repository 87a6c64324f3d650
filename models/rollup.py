"""Roll-ups: what the checks of an hour, and the hours of a day, add up to. Statistics of any span read these, and the
checks themselves only for the hour that is not over yet.

Every number is a sum (or a minimum, a maximum, a histogram that merges), so parts combine to the whole exactly.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from is0k.models.check import STATUS_CODE
from is0k.models.sql import Row, any_of, execute, execute_many, fetch, is_sqlite
from is0k.schema.enums import CheckStatus
from is0k.schema.histogram import Histogram

Grain = Literal["hour", "day"]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LENGTH_MS: dict[Grain, int] = {"hour": HOUR_MS, "day": DAY_MS}

UP, DEGRADED, DOWN, UNKNOWN = (STATUS_CODE[status] for status in CheckStatus)


@dataclass(slots=True)
class Rollup:
    """Counts of checks, milliseconds by what held between them, and latencies in µs.

    A check found `before` and now: in the time between, `before` is taken to have held. Where the two differ, the
    change may have come at any moment of it: that time is also counted as doubtful.
    """

    up: int = 0
    degraded: int = 0
    down: int = 0
    unknown: int = 0
    up_ms: int = 0
    down_ms: int = 0
    unknown_ms: int = 0
    doubtful_up_ms: int = 0  # counted as up, may have been down
    doubtful_down_ms: int = 0
    latency_count: int = 0
    latency_sum_us: int = 0
    latency_min_us: int | None = None
    latency_max_us: int | None = None
    histogram: Histogram = field(default_factory=Histogram)

    @classmethod
    def of_checks(cls, rows: Iterable[Row]) -> Self:
        rollup, latencies = cls(), []
        for row in rows:
            rollup._count(row["status"])
            rollup._add_time(row["before"], row["status"], row["span_ms"] - row["gap_ms"], row["gap_ms"])
            if row["latency_us"] is not None:
                latencies.append(row["latency_us"])
        rollup._add_latencies(latencies)
        return rollup

    def _count(self, status: int) -> None:
        if status == UP:
            self.up += 1
        elif status == DEGRADED:
            self.degraded += 1
        elif status == DOWN:
            self.down += 1
        else:
            self.unknown += 1

    def _add_time(self, before: int | None, status: int, watched_ms: int, gap_ms: int) -> None:
        if before is None:
            return
        self.unknown_ms += gap_ms
        if before == UNKNOWN:
            self.unknown_ms += watched_ms
        elif before == DOWN:
            self.down_ms += watched_ms
            self.doubtful_down_ms += watched_ms if status != DOWN else 0
        else:
            self.up_ms += watched_ms
            self.doubtful_up_ms += watched_ms if status in (DOWN, UNKNOWN) else 0

    def _add_latencies(self, latencies_us: Sequence[int]) -> None:
        if not latencies_us:
            return
        self.latency_count = len(latencies_us)
        self.latency_sum_us = sum(latencies_us)
        self.latency_min_us, self.latency_max_us = min(latencies_us), max(latencies_us)
        self.histogram = Histogram.of(latency / 1000 for latency in latencies_us)

    @classmethod
    def of_rollups(cls, rows: Iterable[Row]) -> Self:
        rollup = cls()
        for row in rows:
            rollup.add(cls.of_row(row))
        return rollup

    @classmethod
    def of_row(cls, row: Row) -> Self:
        values = {name: row[name] for name in SUMS}
        return cls(**values, histogram=Histogram.from_bytes(row["histogram"]))

    def add(self, other: Self) -> None:
        for name in SUMS:
            if name not in EXTREMES:
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latency_min_us = _of_both(min, self.latency_min_us, other.latency_min_us)
        self.latency_max_us = _of_both(max, self.latency_max_us, other.latency_max_us)
        self.histogram.merge(other.histogram)

    def to_values(self) -> list[object]:
        return [*(getattr(self, name) for name in SUMS), self.histogram.to_bytes()]


EXTREMES = ("latency_min_us", "latency_max_us")
SUMS = tuple(name for name in Rollup.__dataclass_fields__ if name != "histogram")
COLUMNS = ("number", "start_at", *SUMS, "histogram")


def _of_both(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return choose(one, other)


def create_tables() -> str:
    blob, clustered = ("BLOB", " WITHOUT ROWID") if is_sqlite() else ("BYTEA", "")
    sums = ", ".join(f"{name} BIGINT" if name in EXTREMES else f"{name} BIGINT NOT NULL" for name in SUMS)
    columns = f"number INTEGER NOT NULL, start_at BIGINT NOT NULL, {sums}, histogram {blob} NOT NULL"
    tables = [
        f"CREATE TABLE rollup_{grain} ({columns}, PRIMARY KEY (number, start_at)){clustered}" for grain in LENGTH_MS
    ]
    return ";".join([*tables, "CREATE TABLE rollup_progress (grain TEXT PRIMARY KEY, done_until BIGINT NOT NULL)"])


async def write_rollups(grain: Grain, rows: Iterable[tuple[int, int, Rollup]]) -> None:
    """(number, start, roll-up) each. Written anew if it is there: rolling the same hour up twice changes nothing."""
    places = ", ".join(f"${place}" for place in range(1, len(COLUMNS) + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[2:])
    await execute_many(
        f"INSERT INTO rollup_{grain} ({', '.join(COLUMNS)}) VALUES ({places}) "
        f"ON CONFLICT (number, start_at) DO UPDATE SET {changes}",
        [[number, start, *rollup.to_values()] for number, start, rollup in rows],
    )


async def read_rollups(grain: Grain, numbers: Sequence[int], start: int, end: int) -> list[Row]:
    return await fetch(
        f"SELECT {', '.join(COLUMNS)} FROM rollup_{grain} "
        f"WHERE number {any_of('$1')} AND start_at >= $2 AND start_at < $3 ORDER BY number, start_at",
        list(numbers),
        start,
        end,
    )


async def read_progress() -> dict[str, int]:
    """How far each grain is rolled up: everything before is in its table, nothing after."""
    rows = await fetch("SELECT grain, done_until FROM rollup_progress")
    return {row["grain"]: row["done_until"] for row in rows}


async def write_progress(grain: Grain, done_until: int) -> None:
    await execute(
        "INSERT INTO rollup_progress (grain, done_until) VALUES ($1, $2) "
        "ON CONFLICT (grain) DO UPDATE SET done_until = excluded.done_until",
        grain,
        done_until,
    )


async def first_start(grain: Grain, since: int) -> int | None:
    """When, from `since` on, there is first something to roll up: a check for hours, an hour for days.

    Asked of each monitor, which both databases answer from the key; of the whole table they would read all of it.
    """
    table, start = ("check_result", "tick") if grain == "hour" else ("rollup_hour", "start_at")
    rows = await fetch(
        f"SELECT min(first) AS first FROM (SELECT (SELECT min({start}) FROM {table} t "
        f"WHERE t.number = s.number AND t.{start} >= $1) AS first FROM monitor_state s) AS firsts",
        since,
    )
    first: int | None = rows[0]["first"]
    return first


async def all_intervals() -> dict[int, int]:
    """Every monitor's number and interval in ms."""
    rows = await fetch("SELECT number, interval_ms FROM monitor_state ORDER BY number")
    return {row["number"]: row["interval_ms"] for row in rows}
