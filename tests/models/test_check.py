"""The history of checks: written once, read newest first, kept by day on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from is0k import schema
from is0k.models.check import (
    DAY_MS,
    count_checks,
    insert_checks,
    make_partitions,
    read_checks,
    read_raw,
    to_schema,
)
from is0k.models.region import region_number
from is0k.models.sql import fetch
from is0k.schema.clock import milliseconds
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.stage.history import DOWN, UNKNOWN, UP, check, remember

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("open_database")]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOON_MS = milliseconds(NOON)
ALL = schema.CheckFilter()


async def ticks(number: int, filter: schema.CheckFilter = ALL, before: Any = None, limit: int = 100) -> list[int]:
    """How many milliseconds after noon each of the checks is that are read."""
    rows = await read_checks([number], filter, before, limit)
    return [row["tick"] - NOON_MS for row in rows[number]]


async def test_a_check_that_is_written_twice_stays_as_it_was() -> None:
    await remember(check(1, NOON_MS, UP))
    await remember(check(1, NOON_MS, DOWN))

    [row] = (await read_checks([1], ALL, None, 10))[1]
    assert row["status"] == 0


async def test_checks_are_read_newest_first_and_no_more_than_asked_for() -> None:
    await remember(*(check(1, NOON_MS + after) for after in (0, 2, 1)), check(2, NOON_MS))

    assert await ticks(1) == [2, 1, 0]
    assert await ticks(1, limit=2) == [2, 1]


async def test_of_two_regions_at_one_slot_each_is_read_once_across_pages() -> None:
    await remember(check(1, NOON_MS), region="eu")
    await remember(check(1, NOON_MS), region="us")

    [first] = (await read_checks([1], ALL, None, 1))[1]
    [second] = (await read_checks([1], ALL, (first["tick"], first["region"]), 10))[1]

    assert [first["region_name"], second["region_name"]] == ["us", "eu"]


@pytest.mark.parametrize("key", [(2**63 - 1, 2**63 - 1), (-(2**63), -(2**63)), (NOON_MS, 40_000)])
async def test_any_key_of_64_bits_is_one_to_read_from(key: tuple[int, int]) -> None:
    await remember(check(1, NOON_MS))

    assert await ticks(1, before=key) == ([0] if key[0] >= NOON_MS else [])


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (schema.CheckFilter(from_=NOON + timedelta(milliseconds=1)), [3, 2, 1]),
        (schema.CheckFilter(to=NOON + timedelta(milliseconds=2)), [1, 0]),
        (schema.CheckFilter(status=CheckStatus.UP), [3, 0]),
        (schema.CheckFilter(status=CheckStatus.DOWN), [1]),
        (schema.CheckFilter(region="us"), [3]),
        (schema.CheckFilter(region="nowhere"), []),
        (schema.CheckFilter(from_=NOON, to=NOON + timedelta(milliseconds=3), status=CheckStatus.UP), [0]),
    ],
)
async def test_a_filter_narrows_what_is_read_and_counted(filter: schema.CheckFilter, found: list[int]) -> None:
    await remember(check(1, NOON_MS), check(1, NOON_MS + 1, DOWN), check(1, NOON_MS + 2, UNKNOWN))
    await remember(check(1, NOON_MS + 3), region="us")

    assert await ticks(1, filter) == found
    assert await count_checks([1], filter) == {1: len(found)}


async def test_the_checks_of_many_monitors_are_each_monitors_own_newest() -> None:
    for number in range(1, 6):
        await remember(*(check(number, NOON_MS + after) for after in range(number)))

    found = await read_checks([5, 1, 3, 99], ALL, None, 2)

    assert {number: [row["tick"] - NOON_MS for row in rows] for number, rows in found.items()} == {
        5: [4, 3],
        1: [0],
        3: [2, 1],
        99: [],
    }
    assert await count_checks([5, 1, 3, 99], ALL) == {5: 5, 1: 1, 3: 3, 99: 0}


async def test_a_row_tells_all_that_was_seen() -> None:
    await remember(
        check(
            1,
            NOON_MS,
            DOWN,
            lag_ms=12,
            attempt=2,
            status_code=503,
            latency_us=1_500,
            dns_us=100,
            connect_us=200,
            tls_us=None,
            first_byte_us=1_500,
            total_us=2_000,
            message="status 503",
            detail='{"remoteAddress": "192.0.2.1"}',
        )
    )

    [row] = (await read_checks([1], ALL, None, 1))[1]

    assert to_schema(row, "mon_1") == schema.Check(
        monitor_id="mon_1",  # type: ignore[arg-type]
        region="default",
        checked_at=NOON + timedelta(milliseconds=12),
        status=CheckStatus.DOWN,
        latency_ms=1.5,
        status_code=503,
        reason=Reason.TIMEOUT,
        message="status 503",
        attempt=2,
        timings=schema.CheckTimings(dns_ms=0.1, connect_ms=0.2, tls_ms=None, first_byte_ms=1.5, total_ms=2.0),
        detail={"remoteAddress": "192.0.2.1"},  # type: ignore[arg-type]
    )


async def test_raw_rows_are_those_from_the_start_to_before_the_end() -> None:
    await remember(*(check(number, NOON_MS + after) for number in (1, 2, 3) for after in range(4)))

    rows = await read_raw([1, 3], NOON_MS + 1, NOON_MS + 3)

    assert sorted((row["number"], row["tick"] - NOON_MS) for row in rows) == [(1, 1), (1, 2), (3, 1), (3, 2)]


async def test_a_region_keeps_its_number() -> None:
    eu, us = await region_number("eu"), await region_number("us")

    assert eu != us
    assert (await region_number("eu"), await region_number("us")) == (eu, us)


async def partition_of(tick: int) -> str:
    [row] = await fetch("SELECT tableoid::regclass::text AS name FROM check_result WHERE tick = $1", tick)
    return str(row["name"])


# A day of its own for each test: tables outlive a test, only their rows do not.
FAR = 40_000


@pytest.mark.usefixtures("on_postgres")
async def test_rows_go_to_the_table_of_their_day() -> None:
    await make_partitions(FAR * DAY_MS + 5, days_ahead=1)
    region = await region_number("default")
    await insert_checks([check(1, tick, region=region) for tick in (FAR * DAY_MS, (FAR + 1) * DAY_MS, NOON_MS)])

    assert await partition_of(FAR * DAY_MS) == f"check_result_{FAR}"
    assert await partition_of((FAR + 1) * DAY_MS) == f"check_result_{FAR + 1}"
    assert await partition_of(NOON_MS) == "check_result_rest"


@pytest.mark.usefixtures("on_postgres")
async def test_making_the_tables_again_changes_nothing() -> None:
    now = (FAR + 10) * DAY_MS
    await make_partitions(now)
    await remember(check(1, now))
    await make_partitions(now)

    assert await partition_of(now) == f"check_result_{FAR + 10}"


@pytest.mark.usefixtures("on_postgres")
async def test_a_day_that_has_begun_without_its_table_goes_on_without() -> None:
    now = (FAR + 20) * DAY_MS
    await remember(check(1, now))
    await make_partitions(now, days_ahead=1)
    await remember(check(2, now + 1), check(2, now + DAY_MS))

    assert await partition_of(now + 1) == "check_result_rest"
    assert await partition_of(now + DAY_MS) == f"check_result_{FAR + 21}"


@pytest.mark.usefixtures("on_sqlite")
async def test_sqlite_has_one_table_for_all_days() -> None:
    await make_partitions(NOON_MS)

    assert await fetch("SELECT name FROM sqlite_master WHERE name LIKE 'check_result%'") == [{"name": "check_result"}]
