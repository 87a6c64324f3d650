"""Three regions as real processes, each in a network of its own, on one PostgreSQL and one Valkey.

The tests are one story, in their order.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from is0k import models
from is0k.app import create_app
from is0k.models import database
from is0k.models.sql import execute
from is0k.resolvers.organizations import set_plan
from is0k.schema.clock import SystemClock
from is0k.schema.enums import Plan
from is0k.settings import Settings
from is0k.tests.stage.api import Api, serving
from is0k.tests.stage.netns import why_no_network
from is0k.tests.stage.people import new_organization
from is0k.tests.stage.postgres import Postgres
from is0k.tests.stage.product import new_monitor
from is0k.tests.stage.regions import TARGET, RealRegion, real_regions
from is0k.tests.stage.valkey import Valkey
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes, pytest.mark.timeout(120)]

NAMES = ("asia", "eu", "us")
# An interval and its confirmation, and what a busy machine needs.
SOON = 20.0
# A region's view counts for two and a half intervals and thirty seconds.
FRESH_SECONDS = 42.5
MONITORS = 8
HOUR = timedelta(hours=1)
REGIONS = "{ regions { name isOnline lastSeenAt version lagMs isBlind } }"
MONITOR = """query ($id: ID!) { monitor(id: $id) { status lastMessage openIncident { id cause { message } }
    incidents(first: 10) { edges { node { status } } } } }"""

Regions = dict[str, RealRegion]


@pytest.fixture(scope="module")
def settings(
    template: Settings, postgres: Postgres | None, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    if postgres is None:
        pytest.skip("one SQLite file serves one machine: regions need --database postgres")
    if reason := why_no_network():
        pytest.skip(f"this machine gives nobody a network of its own: {reason}")
    postgres.empty()
    valkey.flush()
    folder = tmp_path_factory.mktemp("regions")
    return template.model_copy(update={"data_dir": folder, "redis_url": valkey.url})


@pytest.fixture(scope="module")
async def api(settings: Settings, anyio_backend: object) -> AsyncIterator[Api]:
    async with database.opened(settings):
        ctx = await new_organization("Ours", SystemClock())
        await set_plan(ctx, Plan.ENTERPRISE, 1_000_000)  # tests look often
        app = create_app(settings)
        async with serving(app, ctx) as api:
            yield api
        await app.state.redis.aclose()


@pytest.fixture(scope="module")
async def regions(api: Api, settings: Settings) -> AsyncIterator[Regions]:
    environment = {
        "IS0K_DATABASE_URL": str(settings.database_url),
        "IS0K_REDIS_URL": settings.redis,
        "IS0K_DATA_DIR": str(settings.data_dir),
    }
    async with real_regions(NAMES, Path(settings.data_dir), environment) as regions:
        yield regions


@pytest.fixture(scope="module")
async def shop(api: Api, regions: Regions) -> str:
    """The monitor the story is about; a few more look at the same."""
    ids = [await new_monitor(api, TARGET, retries=1, regions=list(NAMES)) for _ in range(MONITORS)]
    return ids[0]


@pytest.fixture(scope="module")
async def lonely(api: Api, regions: Regions) -> str:
    """A monitor that one region alone looks at."""
    return await new_monitor(api, TARGET, regions=["us"])


async def told(api: Api, id: str) -> Any:
    answer = await api.graphql(MONITOR, id=id)
    assert "errors" not in answer, answer
    monitor = answer["data"]["monitor"]
    return monitor | {"incidents": [edge["node"]["status"] for edge in monitor["incidents"]["edges"]]}


async def becomes(api: Api, id: str, status: str, ending: str = "", seconds: float = SOON) -> Any:
    """What is told of the monitor once it is so, and the message ends like that."""

    async def is_so() -> Any:
        monitor = await told(api, id)
        is_it = monitor["status"] == status and (monitor["lastMessage"] or "").endswith(ending)
        return monitor if is_it else None

    return await until(f"{status} {ending}", is_so, seconds)


async def next_checks(api: Api, id: str, names: Collection[str], since: datetime | None = None) -> list[dict[str, Any]]:
    """Of each of the regions at least two, and whatever else there is since then or now."""
    start = (since or SystemClock().now()).isoformat()

    async def seen() -> Any:
        checks = (await api.get(f"/monitors/{id}/checks", params={"from": start})).data
        counts = [sum(check["region"] == name for check in checks) for name in names]
        return checks if min(counts) >= 2 else None

    found: list[dict[str, Any]] = await until(f"checks from {names}", seen, SOON)
    return found


async def test_each_region_checks_at_every_tick_and_all_are_online(api: Api, regions: Regions, shop: str) -> None:
    monitor = await becomes(api, shop, "UP")

    checks = await next_checks(api, shop, NAMES, SystemClock().now() - HOUR)
    assert {check["status"] for check in checks} == {"up"}
    assert {check["region"] for check in checks} == set(NAMES)
    assert (monitor["incidents"], monitor["openIncident"]) == ([], None)


async def test_one_region_that_cannot_reach_it_makes_it_degraded_and_is_named(
    api: Api, regions: Regions, shop: str
) -> None:
    regions["eu"].close_target()
    monitor = await becomes(api, shop, "DEGRADED")

    assert monitor["lastMessage"].startswith("From eu: ")
    assert monitor["lastMessage"].endswith(". Not from asia, us")
    assert monitor["incidents"] == []


async def test_two_of_three_make_it_down_and_the_incident_names_them(api: Api, regions: Regions, shop: str) -> None:
    regions["asia"].close_target()
    monitor = await becomes(api, shop, "DOWN")

    assert monitor["openIncident"]["cause"]["message"].startswith("From asia, eu: ")
    assert monitor["openIncident"]["cause"]["message"].endswith(". Not from us")
    assert len(monitor["incidents"]) == 1


async def test_when_all_reach_it_again_the_incident_is_resolved(api: Api, regions: Regions, shop: str) -> None:
    await asyncio.gather(*(regions[name].open_target() for name in ("asia", "eu")))
    monitor = await becomes(api, shop, "UP")

    assert monitor["openIncident"] is None
    assert monitor["incidents"] == ["RESOLVED"]


async def test_each_region_says_its_version_and_how_late_its_checks_begin(api: Api, shop: str) -> None:
    async def measured() -> Any:
        found = (await api.graphql(REGIONS))["data"]["regions"]
        return found if all(region["lagMs"] is not None for region in found) else None

    found = await until("every region says how late it is", measured, SOON)

    assert [region["name"] for region in found] == list(NAMES)
    assert all(region["isOnline"] and region["version"] and not region["isBlind"] for region in found)
    assert all(region["lagMs"] < 5_000 for region in found)


async def test_a_killed_worker_alarms_nobody_and_the_others_go_on(
    api: Api, regions: Regions, shop: str, lonely: str
) -> None:
    await becomes(api, lonely, "UP")
    regions["us"].kill_worker()
    checks = await next_checks(api, shop, ("asia", "eu"))

    assert {check["status"] for check in checks} == {"up"}
    monitor = await told(api, shop)
    assert (monitor["status"], monitor["openIncident"], len(monitor["incidents"])) == ("UP", None, 1)


async def silences(api: Api) -> Any:
    return (await api.get("/notices?open=true&kind=region_silent")).data


async def test_its_silence_is_told_once_and_what_it_alone_looked_at_is_unknown(
    api: Api, regions: Regions, lonely: str
) -> None:
    # As if it had died a good minute before: nobody else writes there.
    await execute("UPDATE region SET last_seen_at = last_seen_at - 60000 WHERE name = 'us'")
    await execute("UPDATE monitor_state SET last_tick = last_tick - 72500 WHERE regions = 'us'")
    [notice] = await until("a notice", lambda: silences(api), 2 * SOON)

    assert (notice["region"], notice["endedAt"]) == ("us", None)
    assert notice["message"].startswith("No worker of us has spoken up since ")
    assert not (await api.graphql(REGIONS))["data"]["regions"][2]["isOnline"]
    assert (await becomes(api, lonely, "UNKNOWN"))["incidents"] == []


async def test_a_region_whose_network_is_cut_alarms_nobody(api: Api, regions: Regions, shop: str) -> None:
    """Its database it still reaches: what it sees is its own trouble, and one of three."""
    regions["eu"].network.cut()
    monitor = await becomes(api, shop, "DEGRADED")
    regions["eu"].network.mend()

    assert monitor["lastMessage"].startswith("From eu: ")
    assert len((await becomes(api, shop, "UP"))["incidents"]) == 1


async def test_what_the_killed_one_saw_grows_stale_and_the_others_decide(api: Api, regions: Regions, shop: str) -> None:
    regions["eu"].close_target()
    monitor = await becomes(api, shop, "DEGRADED", ". Not from asia", FRESH_SECONDS + SOON)
    assert monitor["lastMessage"].startswith("From eu: ")
    assert monitor["openIncident"] is None

    regions["asia"].close_target()
    monitor = await becomes(api, shop, "DOWN")
    assert monitor["openIncident"]["cause"]["message"].startswith("From asia, eu: ")
    assert "Not from" not in monitor["openIncident"]["cause"]["message"]


async def test_back_again_it_ends_the_notice_and_what_it_has_missed_flips_nothing(
    api: Api, regions: Regions, shop: str, lonely: str
) -> None:
    targets = [regions[name].open_target() for name in ("asia", "eu")]
    await asyncio.gather(regions["us"].start_worker(), *targets)
    assert (await becomes(api, shop, "UP"))["openIncident"] is None

    async def ended() -> bool:
        return not await silences(api)

    _, checks = await asyncio.gather(until("the notice ends", ended, 2 * SOON), next_checks(api, shop, NAMES))
    assert {check["status"] for check in checks} == {"up"}
    assert (await told(api, shop))["incidents"] == ["RESOLVED", "RESOLVED"]
    assert (await becomes(api, lonely, "UP"))["incidents"] == []
    assert await models.Notice.all().count() == 1


async def test_told_to_stop_each_ends_in_time_and_without_a_fault(regions: Regions, shop: str) -> None:
    assert [region.stop_worker() for region in regions.values()] == [0, 0, 0]
    for region in regions.values():
        assert "Traceback" not in region.log.read_text()
