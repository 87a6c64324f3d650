"""What moves a monitor's next slot: a check out of turn, a recheck, a claim given back, an edit, a clock set back."""

from typing import Any

import pytest

from is0k import models
from is0k.models.monitor_state import (
    bring_forward,
    claim,
    give_back,
    overdue_ms,
    recheck,
    recheck_blind,
    reschedule,
    start_over,
)
from is0k.tests.models.conftest import MINUTE, NOON, next_at, planned

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("open_database")]


async def test_a_claim_given_back_is_due_again() -> None:
    await planned(1, next_at=NOON)
    await planned(2, next_at=NOON)
    await claim(NOON, NOON, 10)

    await give_back([(1, NOON, 4)])

    assert [row["number"] for row in await claim(NOON, NOON, 10)] == [1]


async def test_a_claim_given_back_after_a_pause_stays_paused() -> None:
    await planned(1, next_at=None)

    await give_back([(1, NOON, 4)])

    assert await next_at(1) is None


async def test_a_claim_given_back_after_an_edit_is_forgotten() -> None:
    await planned(1, next_at=NOON + MINUTE, version=5)

    await give_back([(1, NOON, 4)])

    assert await next_at(1) == NOON + MINUTE


@pytest.mark.parametrize(
    ("due", "slot"), [(NOON + 30_000, NOON), (NOON - 5_000, NOON - 5_000), (NOON, NOON), (None, None)]
)
async def test_to_check_now_is_to_be_due_now_or_before(due: int | None, slot: int | None) -> None:
    await planned(1, next_at=due)

    assert await bring_forward(1, NOON) == slot
    assert await next_at(1) == slot


async def test_a_monitor_that_is_gone_is_not_checked() -> None:
    assert await bring_forward(1, NOON) is None


async def test_after_a_check_out_of_turn_the_regular_slots_go_on() -> None:
    await planned(1, next_at=NOON + 7_000)
    await bring_forward(1, NOON)

    [row] = await claim(NOON, NOON, 10)

    assert row["slot_at"] == NOON
    assert await next_at(1) == NOON + 7_000


@pytest.mark.parametrize(
    ("due", "columns", "after"),
    [
        (NOON + MINUTE, {}, NOON),
        (NOON + MINUTE, {"slot_at": 5, "last_tick": 5}, NOON),
        (NOON + MINUTE, {"slot_at": 5, "last_tick": 4}, NOON + MINUTE),  # a claimed slot is still to be judged
        (NOON - 1, {}, NOON - 1),
        (None, {}, None),
    ],
)
async def test_a_recheck_comes_before_the_regular_slot_and_never_delays_it(
    due: int | None, columns: dict[str, int], after: int | None
) -> None:
    await planned(1, next_at=due, **columns)

    await recheck([(1, NOON)])

    assert await next_at(1) == after


@pytest.mark.parametrize(
    ("due", "slot_at", "after"),
    [
        (NOON + MINUTE, None, NOON + 3_000),
        (NOON + MINUTE, NOON + 3_000, NOON + 13_000),  # claimed ahead of its time, and not to be claimed again
        (None, None, None),
    ],
)
async def test_another_interval_begins_with_its_next_slot(
    due: int | None, slot_at: int | None, after: int | None
) -> None:
    await planned(1, next_at=due, slot_at=slot_at)

    await reschedule(1, 10_000, 3_000, "eu", NOON)

    state = await models.MonitorState.get()
    assert (state.next_at, state.interval_ms, state.phase_ms, state.regions) == (after, 10_000, 3_000, "eu")
    assert (state.version, state.epoch) == (5, 3)


async def test_after_the_clock_was_set_back_what_is_due_too_far_off_begins_anew() -> None:
    await planned(
        1, next_at=NOON + MINUTE + 5_001, slot_at=NOON + 5_001, last_tick=NOON + 5_001, memory="[{},[],false,false]"
    )
    await planned(2, next_at=NOON + MINUTE + 5_000)
    await planned(3, next_at=None)

    assert await start_over(NOON, 5_000) == 1

    begun = await models.MonitorState.get(number=1)
    assert (begun.next_at, begun.slot_at, begun.last_tick, begun.memory) == (NOON + 7_000, None, None, None)
    assert begun.epoch == 4
    assert [await next_at(2), await next_at(3)] == [NOON + MINUTE + 5_000, None]


@pytest.mark.parametrize(("due", "lag"), [([], 0), ([None], 0), ([NOON + 1], 0), ([NOON - 9, NOON - 50, None], 50)])
async def test_the_lag_is_how_late_the_latest_is(due: list[Any], lag: int) -> None:
    for number, at in enumerate(due, 1):
        await planned(number, next_at=at)

    assert await overdue_ms(NOON) == lag


async def soon(**columns: Any) -> int | None:
    """When a monitor is due after we could not see, and see again at noon."""
    usual = {"next_at": NOON + 3_600_000, "interval_ms": 3_600_000, "phase_ms": 47_000, "is_blind": True, "slot_at": 1}
    await planned(1, **{"last_tick": 1, **usual, **columns})

    await recheck_blind("eu", NOON, 30_000)

    return await next_at(1)


@pytest.mark.parametrize(("interval_ms", "phase_ms", "wait_ms"), [(3_600_000, 47_000, 17_000), (5_000, 4_000, 4_000)])
async def test_what_nobody_could_see_is_looked_at_soon_and_not_all_at_once(
    interval_ms: int, phase_ms: int, wait_ms: int
) -> None:
    assert await soon(interval_ms=interval_ms, phase_ms=phase_ms) == NOON + wait_ms


@pytest.mark.parametrize("regions", ["", "eu", "us eu", "eu asia"])
async def test_of_a_region_that_sees_again_what_is_checked_from_there(regions: str) -> None:
    assert await soon(regions=regions) == NOON + 17_000


@pytest.mark.parametrize(
    "columns",
    [
        {"is_blind": False},
        {"regions": "us eu-west"},
        {"next_at": None},
        {"next_at": NOON + 16_999},
        {"slot_at": 2},  # it is being looked at
    ],
)
async def test_nothing_else_is_moved(columns: dict[str, Any]) -> None:
    assert await soon(**columns) == columns.get("next_at", NOON + 3_600_000)


async def test_to_say_so_again_puts_nothing_off() -> None:
    await soon()
    await recheck_blind("eu", NOON + 10_000, 30_000)

    assert await next_at(1) == NOON + 17_000
