"""An API process signs that it takes calls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.heartbeats import DEAF_MS, LISTENING_KEPT_MS, hearing_of
from is0k.jobs.listening import Listening
from is0k.models.listening import sign
from is0k.probes.heartbeat import Gap
from is0k.schema.ids import uuid7
from is0k.tests.jobs.scene import soon, sooner_or_later, without_table
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def listening(clock: FakeClock) -> AsyncIterator[None]:
    ears = Listening(clock, between_seconds=0.01)
    task = asyncio.create_task(ears.run())
    yield
    ears.stop()
    await asyncio.wait_for(task, 5)


async def signed() -> list[tuple[int, int]]:
    rows = await models.Listening.all().order_by("heard_from")
    return [(row.heard_from, row.heard_until) for row in rows]


async def until_signed(*spans: tuple[int, int]) -> None:
    async def are_signed() -> bool:
        return await signed() == list(spans)

    await sooner_or_later(are_signed)


async def test_it_signs_at_once_again_and_again_and_when_it_ends(open_database: None, clock: FakeClock) -> None:
    start = clock.ms
    async with listening(clock):
        await until_signed((start, start))
        clock.move(5)
        await until_signed((start, start + 5_000))
        clock.move(2)

    assert await signed() == [(start, start + 7_000)]


async def test_two_processes_sign_each_for_itself(open_database: None, clock: FakeClock) -> None:
    async with listening(clock), listening(clock):
        await until_signed((clock.ms, clock.ms), (clock.ms, clock.ms))


async def test_what_could_not_be_signed_in_time_was_not_listened_to(open_database: None, clock: FakeClock) -> None:
    start = clock.ms
    with capture_logs() as logs:
        async with listening(clock):
            await until_signed((start, start))
            async with without_table("listening"):
                await soon(lambda: logs)
                clock.move(DEAF_MS / 1000)
            await until_signed((start, start), (start + DEAF_MS, start + DEAF_MS))

    assert {line["event"] for line in logs} == {"could not sign that calls are taken"}


async def test_a_moment_without_the_database_is_not_deafness(open_database: None, clock: FakeClock) -> None:
    start = clock.ms
    with capture_logs() as logs:
        async with listening(clock):
            await until_signed((start, start))
            async with without_table("listening"):
                await soon(lambda: logs)
                clock.move(DEAF_MS / 1000 - 1)
            await until_signed((start, start + DEAF_MS - 1_000))


async def test_a_clock_that_is_set_back_begins_anew(open_database: None, clock: FakeClock) -> None:
    start = clock.ms
    async with listening(clock):
        await until_signed((start, start))
        clock.move(-3600)
        await until_signed((start - 3_600_000, start - 3_600_000), (start, start))


async def test_old_signatures_are_forgotten_when_a_process_starts(open_database: None, clock: FakeClock) -> None:
    old, young = clock.ms - LISTENING_KEPT_MS - 1, clock.ms - LISTENING_KEPT_MS
    await sign(uuid7(), old, old)
    await sign(uuid7(), young, young)

    async with listening(clock):
        await until_signed((young, young), (clock.ms, clock.ms))


def test_signatures_that_overlap_leave_no_gap_and_a_restart_is_none() -> None:
    rows = [(0, 50_000), (10_000, 40_000), (50_000 + DEAF_MS - 1, 90_000), (90_000 + DEAF_MS, 200_000)]

    hearing = hearing_of([{"heard_from": start, "heard_until": end} for start, end in rows], 200_000)

    assert (hearing.gaps, hearing.until) == ([Gap(90_000, 90_000 + DEAF_MS)], 200_000)


def test_where_the_last_signature_is_old_nobody_listens_now() -> None:
    rows = [{"heard_from": 0, "heard_until": 50_000}]

    assert hearing_of(rows, 50_000 + DEAF_MS - 1).gaps == []
    assert hearing_of(rows, 50_000 + DEAF_MS).gaps == [Gap(50_000, 50_000 + DEAF_MS)]
    assert hearing_of([], 50_000) == ([], 0)
