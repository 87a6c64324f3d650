"""Which slots a scheduler gets: each once, aligned to the monitor's own phase, and one for all that were missed."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from is0k import models
from is0k.models.monitor_state import claim, phase_ms, start_of
from is0k.schema.ids import uuid7
from is0k.tests.models.conftest import MINUTE, NOON, next_at, planned

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("open_database")]


async def test_a_claim_tells_the_slot_and_what_a_worker_must_know() -> None:
    await planned(1, next_at=NOON + 7_000)

    assert await claim(NOON + 6_000, NOON + 8_000, 10) == [
        {
            "number": 1,
            "slot_at": NOON + 7_000,
            "epoch": 3,
            "version": 4,
            "interval_ms": MINUTE,
            "phase_ms": 7_000,
            "regions": "eu us",
            "suspect_in": None,
        }
    ]
    assert await next_at(1) == NOON + MINUTE + 7_000


async def test_a_slot_is_claimed_once() -> None:
    await planned(1, next_at=NOON)

    assert len(await claim(NOON, NOON + 2_000, 10)) == 1
    assert await claim(NOON, NOON + 2_000, 10) == []


async def test_what_is_due_after_the_horizon_waits() -> None:
    await planned(1, next_at=NOON + 2_001)

    assert await claim(NOON, NOON + 2_000, 10) == []
    assert await next_at(1) == NOON + 2_001


async def test_what_is_paused_is_never_claimed() -> None:
    await planned(1, next_at=None)

    assert await claim(NOON, NOON + MINUTE, 10) == []
    assert await next_at(1) is None


async def test_what_has_missed_many_slots_gets_one() -> None:
    await planned(1, next_at=NOON - 100 * MINUTE + 7_000)

    [row] = await claim(NOON, NOON + 2_000, 10)

    assert row["slot_at"] == NOON - 100 * MINUTE + 7_000
    # The slot at NOON + 7 s is where the one is put off to.
    assert await next_at(1) == NOON + MINUTE + 7_000


async def test_the_longest_overdue_go_first() -> None:
    for number, late in ((1, 0), (2, 5_000), (3, 9_000)):
        await planned(number, next_at=NOON - late)

    assert {row["number"] for row in await claim(NOON, NOON, 2)} == {2, 3}
    assert {row["number"] for row in await claim(NOON, NOON, 2)} == {1}


async def test_of_many_schedulers_that_claim_at_once_none_gets_what_another_has() -> None:
    for number in range(1, 301):
        await planned(number, next_at=NOON)

    claims = await asyncio.gather(*(claim(NOON, NOON, 50) for _ in range(10)))

    numbers = [row["number"] for rows in claims for row in rows]
    assert len(numbers) == len(set(numbers))
    # Those that were being claimed are passed over, and come with the next second.
    assert len(numbers) + len(await claim(NOON, NOON, 300)) == 300


@given(
    interval_ms=st.integers(5, 86_400).map(lambda seconds: seconds * 1000),
    phase=st.floats(0, 0.999),
    late_ms=st.integers(-10_000, 10**9),
    ahead_ms=st.integers(0, 10_000),
)
@examples(max_examples=50)
async def test_the_next_slot_is_the_first_of_the_phase_after_now_and_after_the_check_that_is_claimed(
    interval_ms: int, phase: float, late_ms: int, ahead_ms: int
) -> None:
    await models.MonitorState.all().delete()
    phase_ms = int(phase * interval_ms)
    await planned(1, next_at=NOON - late_ms, interval_ms=interval_ms, phase_ms=phase_ms)

    claimed = await claim(NOON, NOON + ahead_ms, 10)
    after = await next_at(1)

    assert len(claimed) == (-late_ms <= ahead_ms)
    if claimed:
        assert after is not None
        assert (after - phase_ms) % interval_ms == 0
        put_off = min(interval_ms, MINUTE) if late_ms > 5_000 else 0
        assert 0 < after - max(NOON + put_off, NOON - late_ms) <= interval_ms
        assert start_of(NOON - late_ms, NOON, phase_ms, interval_ms) < after


@given(st.integers(5_000, 86_400_000))
def test_a_phase_lies_inside_the_interval_and_is_always_the_same(interval_ms: int) -> None:
    id = uuid7()

    assert 0 <= phase_ms(id, interval_ms) < interval_ms
    assert phase_ms(id, interval_ms) == phase_ms(id, interval_ms)


def test_phases_are_spread_evenly() -> None:
    in_each_tenth = [0] * 10
    for _ in range(10_000):
        in_each_tenth[phase_ms(uuid7(), 60_000) // 6_000] += 1

    assert 850 < min(in_each_tenth) <= max(in_each_tenth) < 1_150


async def test_a_slot_claimed_ahead_of_its_time_is_not_claimed_again_after_a_check_out_of_turn() -> None:
    await planned(1, next_at=NOON + 1_500, phase_ms=1_500)
    await claim(NOON, NOON + 2_000, 10)
    await models.MonitorState.all().update(next_at=NOON)

    [row] = await claim(NOON, NOON + 2_000, 10)

    assert row["slot_at"] == NOON
    assert await next_at(1) == NOON + MINUTE + 1_500
