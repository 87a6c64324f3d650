"""What everybody is told of our own troubles, and how monitors come out of them."""

import asyncio
import time
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.doubts import Look
from is0k.jobs.observer import Observer
from is0k.jobs.trouble import Trouble
from is0k.jobs.writer import write
from is0k.models.region import add_canaries, read_canaries, region_number
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.stats import get_stats
from is0k.schema import StatsRange
from is0k.schema.clock import moment
from is0k.schema.enums import NoticeKind
from is0k.tests.jobs.birdcage import ALL, NAMES, FakeNetwork, watching
from is0k.tests.jobs.scene import (
    BLIND,
    ILL,
    REGION,
    WELL,
    finding,
    incidents_of,
    monitors,
    soon,
    sooner_or_later,
    state_of,
    without_table,
)
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

MINUTE = 60_000


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


@pytest.fixture
async def region(ctx: Context) -> int:
    return await region_number("default")


async def notices(kind: NoticeKind = NoticeKind.BLIND) -> Sequence[models.Notice]:
    return await models.Notice.filter(kind=kind, region="default").order_by("started_at")


async def is_blind() -> bool:
    return (await models.Region.get(name="default")).is_blind


async def is_sighted() -> bool:
    return not await is_blind()


async def test_a_blind_region_says_so_once_and_says_when_it_is_over(
    network: FakeNetwork, clock: FakeClock, region: int
) -> None:
    with capture_logs() as logs:
        async with watching(network, clock, region, between_seconds=0.02) as observer:
            began = clock.now()
            network.cut()
            await sooner_or_later(is_blind)
            clock.move(300)
            network.mend()
            await sooner_or_later(is_sighted)
            assert not observer.blindness.is_on

    [notice] = await notices()
    assert (notice.started_at, notice.ended_at) == (began, clock.now())
    assert notice.message == (
        "The worker in default cannot see: its own network does not answer. What fails is unknown until it can, "
        "and nobody is alerted of it (5 of 5 canaries fail; IS0K_CANARIES names them)."
    )
    assert [(line["log_level"], line["notice"]) for line in logs] == [("warning", "blind"), ("info", "blind")]


async def test_names_that_are_blind_are_told_as_such(network: FakeNetwork, clock: FakeClock, region: int) -> None:
    network.nameless = NAMES
    async with watching(network, clock, region):
        await sooner_or_later(is_blind)

    assert "names cannot be looked up" in (await notices())[0].message


async def test_a_database_that_is_away_hears_of_it_when_it_is_back(
    network: FakeNetwork, clock: FakeClock, region: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("is0k.jobs.observer.REPORT_SECONDS", 0.02)
    async with watching(network, clock, region, between_seconds=0.02) as observer:
        async with without_table("notice"):
            began = clock.now()
            network.cut()
            await soon(lambda: observer.blindness.is_on)
            clock.move(60)
            network.mend()
            await soon(lambda: not observer.blindness.is_on)
        await sooner_or_later(notices)
        await sooner_or_later(is_sighted)

    [notice] = await notices()
    assert (notice.started_at, notice.ended_at) == (began, clock.now())


async def test_what_a_worker_left_that_died_blind_is_tidied_up_by_another(ctx: Context, clock: FakeClock) -> None:
    Trouble(NoticeKind.BLIND, "default").begin("cannot see", clock.now())
    dead, other = Trouble(NoticeKind.BLIND, "default"), Trouble(NoticeKind.BLIND, "default")
    dead.begin("cannot see", clock.now())
    await dead.tell(clock.now())
    clock.move(60)
    await other.tell(clock.now())
    assert (await notices())[0].ended_at is None

    clock.move(1)
    await other.tell(clock.now())
    assert (await notices())[0].ended_at == clock.now()


async def test_one_that_still_is_blind_is_left_alone_by_another(ctx: Context, clock: FakeClock) -> None:
    blind, other = Trouble(NoticeKind.BLIND, "default"), Trouble(NoticeKind.BLIND, "default")
    blind.begin("cannot see", clock.now())
    for _ in range(10):
        await blind.tell(clock.now())
        await other.tell(clock.now())
        clock.move(30)

    [notice] = await notices()
    assert notice.ended_at is None


async def test_canaries_that_have_answered_are_remembered_for_the_region(
    network: FakeNetwork, clock: FakeClock, region: int
) -> None:
    await add_canaries(region, ["old.example:1"])
    network.silent = ALL[2:]

    async def are_stored() -> bool:
        return await read_canaries(region) == {"old.example:1", str(ALL[0]), str(ALL[1])}

    async with watching(network, clock, region, proven=()):
        await sooner_or_later(are_stored)


async def looked_at(observer: Observer, number: int, tick: int, outcome: Outcome) -> None:
    """One check, from the outcome to the verdict."""
    vouched = await observer.vouch(Look(number, time.monotonic()), outcome)
    await write([finding(number, tick, vouched)], REGION)


async def test_a_network_that_is_cut_brings_nothing_down_and_all_is_looked_at_again_soon(
    ctx: Context, network: FakeNetwork, clock: FakeClock, region: int
) -> None:
    numbers, start = await monitors(ctx, 20, retries=0, intervalSeconds=3600), clock.ms
    for number in numbers:
        await write([finding(number, start - MINUTE)], REGION)
    async with watching(network, clock, region, between_seconds=0.05) as observer:
        network.cut()
        for number in numbers:
            await looked_at(observer, number, start, ILL)
        assert [(await state_of(number)).is_blind for number in numbers] == [True] * 20
        await models.MonitorState.all().update(next_at=start + 3_600_000, slot_at=start)
        network.mend()

        async def are_due() -> bool:
            return all([((await state_of(number)).next_at or 0) < start + 30_000 for number in numbers])

        await sooner_or_later(are_due)

    assert len({(await state_of(number)).next_at for number in numbers}) > 10
    assert [await incidents_of(number) for number in numbers] == [[]] * 20


async def test_a_worker_that_is_still_overloaded_asks_for_no_checks_more(
    ctx: Context, network: FakeNetwork, clock: FakeClock, region: int
) -> None:
    [number] = await monitors(ctx, 1)
    await models.MonitorState.all().update(next_at=clock.ms + 3_600_000, interval_ms=3_600_000, is_blind=True)
    async with watching(network, clock, region) as observer:
        elapsed = observer.pulse.elapsed()
        observer.pulse.elapsed = lambda: elapsed + 5
        observer._recheck_since = time.monotonic()
        await observer._tell()
        assert (await state_of(number)).next_at == clock.ms + 3_600_000

        observer.pulse._last_gap_ended = None
        await observer._tell()
        assert ((await state_of(number)).next_at or 0) < clock.ms + 30_000


async def test_no_look_from_before_or_during_blindness_helps_to_bring_a_monitor_down(
    ctx: Context, clock: FakeClock
) -> None:
    [number] = await monitors(ctx, 1, retries=2)
    for minute, outcome in enumerate([WELL, ILL, ILL, BLIND, ILL, ILL]):
        await write([finding(number, clock.ms + minute * MINUTE, outcome)], REGION)
    assert await incidents_of(number) == []

    await write([finding(number, clock.ms + 6 * MINUTE, ILL)], REGION)
    [incident] = await incidents_of(number)
    assert incident.started_at == moment(clock.ms + 4 * MINUTE)


async def test_five_blind_minutes_leave_uptime_as_it_was_and_lower_coverage(ctx: Context, clock: FakeClock) -> None:
    shop, start = await new_monitor(ctx), clock.ms
    outcomes = [WELL] * 5 + [ILL] * 5 + [WELL] * 5
    for minute, outcome in enumerate(outcomes):
        await write([finding(shop.number, start + minute * MINUTE, outcome)], REGION)
    clock.move(15 * 60)
    before = await get_stats(ctx, shop.id, StatsRange(from_=moment(start)))
    for minute in range(15, 20):
        await write([finding(shop.number, start + minute * MINUTE, BLIND)], REGION)
    clock.move(5 * 60)

    after = await get_stats(ctx, shop.id, StatsRange(from_=moment(start)))

    assert (before.uptime_percent, before.coverage_percent) == (66.66667, 100.0)
    assert (after.uptime_percent, after.coverage_percent) == (66.66667, 75.0)
    assert (after.downtime_seconds, after.incidents) == (before.downtime_seconds, before.incidents) == (300.0, 1)
    assert after.checks.unknown == 5


class TestMassFailure:
    async def test_most_monitors_that_begin_to_fail_together_are_told_of_once(
        self, network: FakeNetwork, clock: FakeClock, region: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("is0k.jobs.observer.REPORT_SECONDS", 0.02)
        async with watching(network, clock, region) as observer:
            await self.see(observer, WELL)
            await self.see(observer, ILL)
            await sooner_or_later(self.told)
            assert observer.mass_failure.is_on
            [notice] = await self.told()
            assert notice.ended_at is None
            await self.see(observer, WELL)
            await sooner_or_later(self.is_over)

        assert [notice.message for notice in await self.told()] == [
            "Most of what is checked from default began to fail within a minute, while its canaries answer. "
            "Look for what they share: a provider, a proxy, a firewall."
        ]

    async def test_failures_of_our_own_are_none(self, network: FakeNetwork, clock: FakeClock, region: int) -> None:
        async with watching(network, clock, region) as observer:
            await self.see(observer, WELL)
            network.cut()
            await self.see(observer, ILL)
            await sooner_or_later(is_blind)

            assert not observer.mass_failure.is_on
        assert await self.told() == []

    async def see(self, observer: Observer, outcome: Outcome) -> None:
        await asyncio.gather(*(observer.vouch(Look(number, time.monotonic()), outcome) for number in range(12)))

    async def told(self) -> Sequence[models.Notice]:
        return await notices(NoticeKind.MASS_FAILURE)

    async def is_over(self) -> bool:
        return all(notice.ended_at for notice in await self.told())
