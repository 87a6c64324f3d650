"""A monitor that names no region is confirmed from another one than that which saw it fail."""

from typing import Any

import pytest

from is0k import models
from is0k.jobs.checker import Finding, Slot
from is0k.jobs.monitor_file import Place
from is0k.jobs.scheduler import ONLINE_MS, slots_by_region
from is0k.jobs.writer import write
from is0k.models.region import region_number, touch_region
from is0k.models.sql import Row
from is0k.resolvers.context import Context
from is0k.tests.jobs.scene import ILL, WELL, incidents_of, monitor, state_of, without_table
from is0k.tests.jobs.test_scheduler import MINUTE, NOW, Scene
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

OTHERS = ["asia", "eu", "us"]


def recheck(number: int = 1, slot_at: int = NOW + 15_000, suspect_in: str | None = "eu", regions: str = "") -> Row:
    return {
        "number": number,
        "slot_at": slot_at,
        "epoch": 0,
        "version": 0,
        "phase_ms": 0,
        "interval_ms": MINUTE,
        "regions": regions,
        "suspect_in": suspect_in,
    }


def places(row: Row, online: list[str], own: str = "eu") -> list[str]:
    return list(slots_by_region([row], own, NOW, online))


class TestPlace:
    def test_is_another_region_that_is_online(self) -> None:
        assert places(recheck(), ["eu", "us"]) == ["us"]

    def test_is_here_when_no_other_is_online(self) -> None:
        assert places(recheck(), ["eu"]) == ["eu"]
        assert places(recheck(), []) == ["eu"]

    def test_is_here_when_it_failed_elsewhere(self) -> None:
        assert places(recheck(suspect_in="us"), OTHERS) == ["eu"]

    def test_is_here_when_nothing_is_suspected(self) -> None:
        assert places(recheck(suspect_in=None), OTHERS) == ["eu"]

    def test_is_here_at_a_regular_slot_so_that_a_region_that_died_just_now_costs_one_look_at_most(self) -> None:
        assert places(recheck(slot_at=NOW), OTHERS) == ["eu"]

    def test_are_its_own_regions_for_a_monitor_that_names_some(self) -> None:
        assert places(recheck(regions="eu us"), OTHERS) == ["eu", "us"]

    def test_many_are_spread_over_all_others(self) -> None:
        rows = [recheck(number) for number in range(100)]

        found = slots_by_region(rows, "eu", NOW, OTHERS)
        assert {region: len(slots) for region, slots in found.items()} == {"asia": 50, "us": 50}


class Regions:
    """Schedulers of two regions, whose workers see what they are told to see."""

    def __init__(self, clock: FakeClock, places: dict[str, Place]) -> None:
        self.clock, self.places = clock, places
        self.scenes = {region: Scene(clock, region) for region in places}

    async def claim(self, region: str) -> dict[str, list[Slot]]:
        """What this region's scheduler hands out, by where it goes."""
        scene = self.scenes[region]
        scene.queue.sent.clear()
        await scene.claim_once()
        return {place: slots for place in self.places if (slots := scene.queue.slots_for(place))}

    async def fail(self, region: str, slot: Slot) -> None:
        await write([Finding(slot, 0, ILL)], self.places[region], self.clock.ms)

    async def succeed(self, region: str, slot: Slot) -> None:
        await write([Finding(slot, 0, WELL)], self.places[region], self.clock.ms)


@pytest.fixture
async def regions(ctx: Context, clock: FakeClock) -> Regions:
    places = {region: Place(await region_number(region), region) for region in ("eu", "us")}
    for place in places.values():
        await touch_region(place.number, clock.ms, "1")
    return Regions(clock, places)


async def suspected(ctx: Context, regions: Regions, clock: FakeClock) -> int:
    """A monitor that was well, and has failed just now in eu; its confirmation is due."""
    number = await monitor(ctx)
    await models.MonitorState.filter(number=number).update(phase_ms=40_000, last_tick=clock.ms - 1_000, status="up")
    [slot] = (await regions.claim("eu"))["eu"]
    await regions.fail("eu", slot)
    clock.move(15)
    return number


async def test_the_confirmation_of_a_failure_here_is_made_elsewhere_and_clears_it(
    ctx: Context, regions: Regions, clock: FakeClock
) -> None:
    number = await suspected(ctx, regions, clock)

    [(place, [slot])] = (await regions.claim("eu")).items()
    assert (place, slot.number) == ("us", number)
    await regions.succeed("us", slot)
    assert (await state_of(number)).suspect_in is None
    assert await incidents_of(number) == []


async def test_whose_scheduler_is_first_does_not_matter(ctx: Context, regions: Regions, clock: FakeClock) -> None:
    number = await suspected(ctx, regions, clock)

    [(place, [slot])] = (await regions.claim("us")).items()
    assert (place, slot.number) == ("us", number)


async def test_two_regions_confirm_in_turn_until_it_is_down(ctx: Context, regions: Regions, clock: FakeClock) -> None:
    number, seen = await suspected(ctx, regions, clock), list[str]()
    for _ in range(2):
        [(place, [slot])] = (await regions.claim("eu")).items()
        seen.append(place)
        await regions.fail(place, slot)
        clock.move(15)

    assert seen == ["us", "eu"]
    assert len(await incidents_of(number)) == 1


async def test_without_redis_it_is_confirmed_here_at_once(ctx: Context, regions: Regions, clock: FakeClock) -> None:
    number = await suspected(ctx, regions, clock)
    regions.scenes["eu"].queue.is_away = True
    await regions.claim("eu")

    assert [slot.number for slot in regions.scenes["eu"].accepted] == [number]


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        ({"last_seen_at": NOW + 15_000 - ONLINE_MS}, "us"),
        ({"last_seen_at": NOW + 15_000 - ONLINE_MS - 1}, "eu"),
        ({"is_blind": True}, "eu"),
    ],
)
async def test_a_region_that_was_silent_for_too_long_or_is_blind_confirms_nothing(
    ctx: Context, regions: Regions, clock: FakeClock, columns: dict[str, Any], place: str
) -> None:
    await suspected(ctx, regions, clock)
    await models.Region.filter(name="us").update(**columns)

    assert list(await regions.claim("eu")) == [place]


async def test_who_is_online_is_asked_every_ten_seconds(ctx: Context, regions: Regions, clock: FakeClock) -> None:
    scheduler = regions.scenes["eu"].scheduler
    await regions.claim("eu")
    await models.Region.filter(name="us").update(last_seen_at=0)

    clock.move(9.9)
    await regions.claim("eu")
    assert scheduler._online == ["eu", "us"]
    clock.move(0.1)
    await regions.claim("eu")
    assert scheduler._online == ["eu"]


async def test_nothing_is_claimed_and_lost_when_it_cannot_be_asked(
    ctx: Context, regions: Regions, clock: FakeClock
) -> None:
    number = await monitor(ctx)
    async with without_table("region"):
        with pytest.raises(Exception, match="region"):
            await regions.claim("eu")

    assert (await state_of(number)).next_at == clock.ms
    assert [slot.number for slot in (await regions.claim("eu"))["eu"]] == [number]
