import pytest

from is0k import models
from is0k.models.region import region_number, touch_region
from is0k.resolvers.context import Context
from is0k.resolvers.regions import list_regions
from is0k.schema import Region
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio


async def test_a_region_shows_when_and_as_what_its_worker_spoke_up(ctx: Context, clock: FakeClock) -> None:
    await touch_region(await region_number("eu"), clock.ms, "1.2.3", lag_ms=41)
    await models.Region.filter(name="eu").update(is_blind=True)
    await region_number("asia")

    assert await list_regions(ctx) == [
        Region(
            name="asia",
            is_online=False,
            last_seen_at=None,
            version=None,
            lag_ms=None,
            is_blind=False,
            monitor_count=0,
        ),
        Region(
            name="eu",
            is_online=True,
            last_seen_at=clock.now(),
            version="1.2.3",
            lag_ms=41,
            is_blind=True,
            monitor_count=0,
        ),
    ]


@pytest.mark.parametrize(("seconds", "is_online"), [(59.999, True), (60, True), (60.001, False)])
async def test_a_region_silent_for_more_than_a_minute_is_not_online(
    ctx: Context, clock: FakeClock, seconds: float, is_online: bool
) -> None:
    await touch_region(await region_number("eu"), clock.ms, "1.2.3")
    clock.move(seconds)

    assert [region.is_online for region in await list_regions(ctx)] == [is_online]


async def test_only_the_callers_monitors_are_counted_and_those_without_a_region_everywhere(
    ctx: Context, stranger: Context
) -> None:
    for name in ("eu", "eu-west", "us"):
        await region_number(name)
    await new_monitor(ctx, regions=["eu"])
    await new_monitor(ctx, regions=["us", "eu"], paused=True)
    await new_monitor(ctx)
    await new_monitor(stranger, regions=["us"])

    counts = {region.name: region.monitor_count for region in await list_regions(ctx)}
    assert counts == {"eu": 3, "eu-west": 1, "us": 2}


async def test_it_costs_two_statements_however_many_there_are(ctx: Context, statements: Statements) -> None:
    for name in "abc":
        await region_number(name)
        await new_monitor(ctx, regions=[name])
        with statements() as sent:
            assert len(await list_regions(ctx)) == await models.Region.all().count()

        assert len(sent) == 3  # the third is the test's own
