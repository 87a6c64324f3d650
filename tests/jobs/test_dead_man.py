"""The dead man's switch is held only while all is well."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.dead_man import DeadManSwitch
from is0k.jobs.self_check import SelfCheck, local_target
from is0k.models.region import region_number
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.schema.enums import DeliveryStatus
from is0k.tests.channels.receiver import Receiver, receiving
from is0k.tests.jobs.scene import ILL, monitor, sooner_or_later, without_table
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_channel, new_delivery

pytestmark = pytest.mark.anyio


class Scene:
    def __init__(self, receiver: Receiver, region: int, clock: FakeClock) -> None:
        self.receiver, self.self_check = receiver, SelfCheck(region, clock)
        self.switch = DeadManSwitch(receiver.url, self.self_check, clock, between_seconds=0.02)

    @property
    def pings(self) -> int:
        return len(self.receiver.received)

    async def turn(self) -> list[str]:
        """One turn; which parts are said not to be well."""
        with capture_logs() as logs:
            async with local_target() as target:
                await self.switch.take_turn(target)
        return sorted(line.get("part", line["event"]) for line in logs)


@pytest.fixture
async def scene(ctx: Context, clock: FakeClock) -> AsyncIterator[Scene]:
    async with receiving() as receiver:
        scene = Scene(receiver, await region_number("default"), clock)
        yield scene
        await scene.self_check.close()


async def test_while_all_is_well_it_is_held(scene: Scene, clock: FakeClock) -> None:
    assert await scene.turn() == []

    assert scene.pings == 1
    assert (await models.Region.get(name="default")).self_checked_at == clock.ms


async def test_a_scheduler_that_is_stuck_lets_go_of_it(scene: Scene, ctx: Context, clock: FakeClock) -> None:
    await monitor(ctx)
    due = (await models.MonitorState.get()).next_at or 0
    clock.move((due - clock.ms) / 1000 + 29.9)
    assert (await scene.turn(), scene.pings) == ([], 1)

    clock.move(0.1)
    assert (await scene.turn(), scene.pings) == (["scheduler"], 1)


async def test_an_alert_that_is_not_sent_lets_go_of_it(scene: Scene, ctx: Context, clock: FakeClock) -> None:
    channel = await new_channel(ctx)
    await new_delivery(ctx, channel, DeliveryStatus.PENDING, next_attempt_at=clock.now())
    clock.move(59.9)
    assert (await scene.turn(), scene.pings) == ([], 1)

    clock.move(0.1)
    assert (await scene.turn(), scene.pings) == (["deliveries"], 1)


@pytest.mark.parametrize("status", [DeliveryStatus.SENT, DeliveryStatus.FAILED])
async def test_an_alert_that_does_not_wait_is_no_matter(
    scene: Scene, ctx: Context, clock: FakeClock, status: DeliveryStatus
) -> None:
    await new_delivery(ctx, await new_channel(ctx), status, next_attempt_at=clock.now())
    clock.move(3600)

    assert (await scene.turn(), scene.pings) == ([], 1)


async def test_an_alert_that_is_to_be_tried_later_does_not_wait(scene: Scene, ctx: Context, clock: FakeClock) -> None:
    later = clock.now().replace(hour=23)
    await new_delivery(ctx, await new_channel(ctx), DeliveryStatus.PENDING, next_attempt_at=later)
    clock.move(3600)

    assert (await scene.turn(), scene.pings) == ([], 1)


async def test_one_that_was_never_tried_waits_since_it_was_written(
    scene: Scene, ctx: Context, clock: FakeClock
) -> None:
    await new_delivery(ctx, await new_channel(ctx), DeliveryStatus.PENDING)
    clock.move(60)

    assert (await scene.turn(), scene.pings) == (["deliveries"], 0)


async def test_a_database_that_is_away_lets_go_of_it(scene: Scene) -> None:
    async with without_table("region"):
        assert (await scene.turn(), scene.pings) == (["self_check"], 0)
    async with without_table("monitor_state"):
        assert (await scene.turn(), scene.pings) == (["scheduler"], 0)


class OtherProbe:
    """Says something else, or nothing at all."""

    def __init__(self, outcome: Outcome | None) -> None:
        self.outcome = outcome

    async def run(self, settings: Any, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        if self.outcome is None:
            await asyncio.Event().wait()
        assert self.outcome
        return self.outcome

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("outcome", [ILL, None])
async def test_a_probe_that_is_broken_lets_go_of_it(
    scene: Scene, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, outcome: Outcome | None
) -> None:
    monkeypatch.setattr("is0k.jobs.dead_man.EACH_SECONDS", 1.0)
    scene.switch.self_check = SelfCheck(1, clock, OtherProbe(outcome))

    assert (await scene.turn(), scene.pings) == (["self_check"], 0)
    assert (await models.Region.get(name="default")).self_checked_at is None


async def test_a_region_that_is_gone_is_no_place_to_store_anything(scene: Scene, clock: FakeClock) -> None:
    scene.self_check.region_number = 99

    assert (await scene.turn(), scene.pings) == (["self_check"], 0)


async def test_what_is_wrong_is_told_once_and_its_end_too(scene: Scene, ctx: Context) -> None:
    async with without_table("region"):
        assert await scene.turn() == ["self_check"]
        assert await scene.turn() == []
    assert await scene.turn() == ["is0k is well again, the heartbeat goes on"]
    assert scene.pings == 1


async def test_without_an_address_it_checks_itself_all_the_same(scene: Scene, clock: FakeClock) -> None:
    scene.switch.url = None

    assert (await scene.turn(), scene.pings) == ([], 0)
    assert (await models.Region.get(name="default")).self_checked_at == clock.ms


async def test_an_address_that_does_not_take_it_is_told_without_the_secret_in_it(scene: Scene) -> None:
    scene.receiver.status = 404
    assert await scene.turn() == ["the heartbeat was not taken"]
    scene.switch.url = "http://127.0.0.1:9/secret"
    with capture_logs() as logs:
        async with local_target() as target:
            await scene.switch.take_turn(target)

    assert [(line["event"], line["log_level"]) for line in logs] == [("the heartbeat did not arrive", "warning")]
    assert "secret" not in str(logs)


async def test_it_goes_on_until_it_is_stopped(scene: Scene) -> None:
    task = asyncio.create_task(scene.switch.run())

    async def several() -> bool:
        return scene.pings >= 3

    await sooner_or_later(several)
    scene.switch.stop()
    await asyncio.wait_for(task, 5)
