import pytest

from is0k import models
from is0k.models import forgetting
from is0k.models.forgetting import forget_some
from is0k.models.rollup import LENGTH_MS, Rollup, read_rollups, write_rollups
from is0k.tests.stage.history import check, history_left, remember

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("open_database")]


async def deleted(number: int) -> None:
    await models.DeletedMonitor.create(number=number)


async def test_without_deleted_monitors_there_is_nothing_to_forget() -> None:
    await remember(check(1, 0))

    assert await forget_some() is False
    assert await history_left(1) == 1


async def test_a_history_goes_in_small_parts_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "ROWS_AT_ONCE", 10)
    await remember(*(check(1, tick) for tick in range(25)))
    await deleted(1)

    left = []
    while await forget_some():
        left.append(await history_left(1))

    assert left == [15, 5, 0, 0]
    assert await models.DeletedMonitor.exists() is False


async def test_the_checks_and_roll_ups_of_others_stay() -> None:
    for number in (1, 2):
        await remember(check(number, 5))
        for grain in LENGTH_MS:
            await write_rollups(grain, [(number, 0, Rollup(up=number))])
    await deleted(1)

    while await forget_some():
        pass

    assert [await history_left(1), await history_left(2)] == [0, 1]
    for grain in LENGTH_MS:
        assert [row["number"] for row in await read_rollups(grain, [1, 2], 0, 1)] == [2]


async def test_several_deleted_monitors_are_all_forgotten() -> None:
    for number in (1, 2, 3):
        await remember(check(number, 5))
        await deleted(number)

    while await forget_some():
        pass

    assert [await history_left(number) for number in (1, 2, 3)] == [0, 0, 0]
