"""Check results: append-only, the table that grows. Not a Tortoise model: its key is (number, tick, region), and one
row costs 40 bytes instead of 120.

SQLite keeps it clustered by that key; PostgreSQL partitions it by day, so that forgetting is dropping a table.
`span_ms` is the time since the check before, of which `gap_ms` was not watched; `before` is that check's status. With
them a row says by itself what it adds to the uptime, and a roll-up is a sum.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from tortoise.transactions import in_transaction

from is0k import schema
from is0k.models.sql import Row, any_of, execute, execute_many, fetch, fetch_each, is_sqlite
from is0k.schema.clock import milliseconds, moment
from is0k.schema.enums import CheckStatus, Reason

# Stored as small numbers: the order is part of the format, so new words go to the end.
STATUSES = (CheckStatus.UP, CheckStatus.DEGRADED, CheckStatus.DOWN, CheckStatus.UNKNOWN)
STATUS_CODE = {status: code for code, status in enumerate(STATUSES)}
REASONS = tuple(Reason)
REASON_CODE = {reason: code for code, reason in enumerate(REASONS)}

DAY_MS = 86_400_000
PARTITION_LOCK = 0x15_0D


class CheckRow(NamedTuple):
    """One row, in the order of the columns. Durations in µs where the name says so, else ms."""

    number: int
    tick: int
    region: int
    lag_ms: int
    attempt: int
    status: int
    reason: int
    status_code: int | None
    latency_us: int | None
    dns_us: int | None
    connect_us: int | None
    tls_us: int | None
    first_byte_us: int | None
    total_us: int | None
    before: int | None
    span_ms: int
    gap_ms: int
    message: str | None
    detail: str | None


INSERT = (
    f"INSERT INTO check_result ({', '.join(CheckRow._fields)}) "
    f"VALUES ({', '.join(f'${place}' for place in range(1, len(CheckRow._fields) + 1))}) ON CONFLICT DO NOTHING"
)


async def insert_checks(rows: Iterable[CheckRow]) -> None:
    """A check that is already there (the same slot, run twice) stays as it is."""
    await execute_many(INSERT, rows)


def create_table() -> str:
    columns = """
        number INTEGER NOT NULL, tick BIGINT NOT NULL, region SMALLINT NOT NULL, lag_ms INTEGER NOT NULL,
        attempt SMALLINT NOT NULL, status SMALLINT NOT NULL, reason SMALLINT NOT NULL, status_code SMALLINT,
        latency_us BIGINT, dns_us BIGINT, connect_us BIGINT, tls_us BIGINT, first_byte_us BIGINT, total_us BIGINT,
        before SMALLINT, span_ms BIGINT NOT NULL, gap_ms BIGINT NOT NULL, message TEXT, detail TEXT,
        PRIMARY KEY (number, tick, region)
    """
    if is_sqlite():
        return f"CREATE TABLE check_result ({columns}) WITHOUT ROWID"
    return (
        f"CREATE TABLE check_result ({columns}) PARTITION BY RANGE (tick);"
        "CREATE TABLE check_result_rest PARTITION OF check_result DEFAULT"
    )


async def make_partitions(now: int, days_ahead: int = 2) -> None:
    """PostgreSQL: the tables of today and the days to come. Rows of a day without one go to `check_result_rest`."""
    if is_sqlite():
        return
    for day in range(now // DAY_MS, now // DAY_MS + days_ahead + 1):
        async with in_transaction():
            # Workers that start together would make the same table, and IF NOT EXISTS does not save them from it.
            await fetch(f"SELECT pg_advisory_xact_lock({PARTITION_LOCK})")
            await _make_partition(day * DAY_MS)


async def _make_partition(start: int) -> None:
    end = start + DAY_MS
    if not await fetch("SELECT 1 FROM check_result_rest WHERE tick >= $1 AND tick < $2 LIMIT 1", start, end):
        await execute(
            f"CREATE TABLE IF NOT EXISTS check_result_{start // DAY_MS} PARTITION OF check_result "
            f"FOR VALUES FROM ({start}) TO ({end})"
        )


async def read_checks(
    numbers: Sequence[int], filter: schema.CheckFilter, before: tuple[int, int] | None, limit: int
) -> dict[int, list[Row]]:
    """Of each monitor the newest `limit`, newest first, older than the key (tick, region) `before`."""
    where, values = conditions(filter)
    if before:
        values += before
        places = (f"CAST(${place} AS BIGINT)" for place in (len(values) - 1, len(values)))
        where += f" AND (c.tick, c.region) < ({', '.join(places)})"
    values.append(limit)
    rows = await fetch_each(
        numbers,
        f"SELECT c.*, r.name AS region_name FROM check_result c JOIN region r ON r.number = c.region "
        f"WHERE c.number = $each{where} ORDER BY c.tick DESC, c.region DESC LIMIT ${len(values)}",
        *values,
    )
    found: dict[int, list[Row]] = {number: [] for number in numbers}
    for row in rows:
        found[row["number"]].append(row)
    return found


async def read_first_failure(number: int, start: int, end: int) -> Row | None:
    """The first check of [start, end] that failed, of all regions."""
    rows = await fetch(
        "SELECT c.*, r.name AS region_name FROM check_result c LEFT JOIN region r ON r.number = c.region "
        "WHERE c.number = $1 AND c.tick >= $2 AND c.tick <= $3 AND c.status = $4 ORDER BY c.tick, c.region LIMIT 1",
        number,
        start,
        end,
        STATUS_CODE[CheckStatus.DOWN],
    )
    return rows[0] if rows else None


async def read_last_answer(number: int, region: int, start: int, end: int) -> Row | None:
    """A region's last check of [start, end) that was up or degraded."""
    rows = await fetch(
        "SELECT * FROM check_result WHERE number = $1 AND tick >= $2 AND tick < $3 AND region = $4 "
        f"AND status {any_of('$5')} ORDER BY tick DESC LIMIT 1",
        number,
        start,
        end,
        region,
        [STATUS_CODE[CheckStatus.UP], STATUS_CODE[CheckStatus.DEGRADED]],
    )
    return rows[0] if rows else None


async def count_checks(numbers: Sequence[int], filter: schema.CheckFilter) -> dict[int, int]:
    where, values = conditions(filter)
    rows = await fetch(
        "SELECT c.number, count(*) AS n FROM check_result c JOIN region r ON r.number = c.region "
        f"WHERE c.number {any_of(f'${len(values) + 1}')}{where} GROUP BY c.number",
        *values,
        list(numbers),
    )
    return dict.fromkeys(numbers, 0) | {row["number"]: row["n"] for row in rows}


def conditions(filter: schema.CheckFilter) -> tuple[str, list[Any]]:
    where, values = "", []  # type: tuple[str, list[Any]]
    for condition, value in (
        ("c.tick >=", filter.from_ and milliseconds(filter.from_)),
        ("c.tick <", filter.to and milliseconds(filter.to)),
        ("c.status =", None if filter.status is None else STATUS_CODE[filter.status]),
        ("r.name =", filter.region),
    ):
        if value is not None:
            values.append(value)
            where += f" AND {condition} ${len(values)}"
    return where, values


async def read_raw(numbers: Sequence[int], start: int, end: int) -> list[Row]:
    """What the checks of [start, end) add to the statistics of these monitors."""
    return await fetch(
        "SELECT number, tick, status, latency_us, before, span_ms, gap_ms FROM check_result "
        f"WHERE number {any_of('$1')} AND tick >= $2 AND tick < $3",
        list(numbers),
        start,
        end,
    )


def to_schema(row: Row, monitor_id: Any) -> schema.Check:
    return schema.Check(
        monitor_id=monitor_id,
        region=row["region_name"],
        checked_at=moment(row["tick"] + row["lag_ms"]),
        status=STATUSES[row["status"]],
        latency_ms=_ms(row["latency_us"]),
        status_code=row["status_code"],
        reason=REASONS[row["reason"]],
        message=row["message"],
        attempt=row["attempt"],
        timings=schema.CheckTimings(
            dns_ms=_ms(row["dns_us"]),
            connect_ms=_ms(row["connect_us"]),
            tls_ms=_ms(row["tls_us"]),
            first_byte_ms=_ms(row["first_byte_us"]),
            total_ms=_ms(row["total_us"]),
        ),
        detail=orjson.loads(row["detail"]) if row["detail"] else None,
    )


def _ms(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1000
