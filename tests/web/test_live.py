"""Live events over WebSockets: each hears of its own, in order, and of nothing else."""

import asyncio

import pytest

from is0k.resolvers.bus import Bus
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor
from is0k.tests.jobs.scene import ILL, WELL, finding
from is0k.tests.stage.api import Api, key_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.live import CHANGES, CHECKS, INCIDENTS, Client, Newsroom, connected
from is0k.tests.stage.people import new_monitor
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio

MINUTE = 60_000


async def listened(bus: Bus, count: int) -> None:
    async def seen() -> bool:
        return len(bus.listeners) == count

    await until(f"{count} listen", seen, 10)


async def test_a_check_is_told_of_as_it_stands_in_the_history(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    fields = "monitorId region checkedAt status latencyMs statusCode reason message attempt timings { totalMs } detail"
    async with connected(api) as client:
        await client.subscribe("1", f"subscription {{ checkRecorded {{ {fields} }} }}")
        await newsroom.followed(ctx)
        await newsroom.record(finding(shop.number, clock.ms, ILL))
        told = await client.next("1")

    answer = await api.graphql(f'{{ monitor(id: "{shop.id}") {{ checks {{ edges {{ node {{ {fields} }} }} }} }} }}')
    assert told["message"] == "status 503, expected 200"
    assert [told] == [edge["node"] for edge in answer["data"]["monitor"]["checks"]["edges"]]


async def test_checks_come_in_the_order_of_their_slots(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop, other = await new_monitor(ctx), await new_monitor(ctx, name="Other")
    async with connected(api) as client:
        await client.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        await newsroom.record(finding(other.number, clock.ms + 2), finding(shop.number, clock.ms + 1, ILL))
        await newsroom.record(finding(shop.number, clock.ms + 3))
        told = [await client.next("1") for _ in range(3)]

    assert [(check["monitorId"], check["status"]) for check in told] == [
        (shop.id, "DOWN"),
        (other.id, "UP"),
        (shop.id, "UP"),
    ]


async def test_an_outage_is_told_of_with_its_incident(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx, retries=1)
    async with connected(api) as client:
        await client.subscribe("changes", CHANGES)
        await client.subscribe("incidents", INCIDENTS)
        await listened(bus, 2)
        await newsroom.followed(ctx)
        for place, outcome in enumerate((WELL, ILL, ILL, WELL)):
            await newsroom.record(finding(shop.number, clock.ms + place * 15_000, outcome))
        changes = [await client.next("changes") for _ in range(3)]
        incidents = [await client.next("incidents") for _ in range(2)]

    assert [(change["from"], change["to"], change["reason"]) for change in changes] == [
        ("PENDING", "UP", "OK"),
        ("UP", "DOWN", "BAD_STATUS"),
        ("DOWN", "UP", "OK"),
    ]
    assert [change["at"][11:19] for change in changes] == ["12:00:00", "12:00:15", "12:00:45"]
    # By the time it is read the first may be resolved too: what is told is how it stands.
    assert {(incident["title"], *incident["monitorIds"]) for incident in incidents} == {("Shop is down", shop.id)}
    assert incidents[-1]["status"] == "RESOLVED"


async def test_what_people_do_is_told_too(api: Api, ctx: Context, bus: Bus, newsroom: Newsroom) -> None:
    shop = await new_monitor(ctx)
    async with connected(api) as client:
        await client.subscribe("1", CHANGES)
        await newsroom.followed(ctx)
        for verb in ("pause", "pause", "resume"):
            assert (await api.post(f"/monitors/{shop.id}/{verb}")).status == 200
        assert (await api.put(f"/monitors/{shop.id}", {"paused": True})).status == 200
        changes = [await client.next("1") for _ in range(3)]

    assert [(change["from"], change["to"], change["reason"]) for change in changes] == [
        ("PENDING", "PAUSED", None),
        ("PAUSED", "PENDING", None),
        ("PENDING", "PAUSED", None),
    ]


async def test_the_incident_of_a_deleted_monitor_is_told_to_be_resolved(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx, retries=0)
    await newsroom.record(finding(shop.number, clock.ms, ILL))
    async with connected(api) as client:
        await client.subscribe("1", INCIDENTS, ids=[shop.id])
        await newsroom.followed(ctx)
        assert (await api.delete(f"/monitors/{shop.id}")).status == 200

        assert (await client.next("1"))["status"] == "RESOLVED"


async def test_what_people_say_of_an_incident_is_told(api: Api, ctx: Context, bus: Bus, newsroom: Newsroom) -> None:
    shop, other = await new_monitor(ctx), await new_monitor(ctx)
    async with connected(api) as client:
        await client.subscribe("all", INCIDENTS)
        await client.subscribe("shop", INCIDENTS, ids=[shop.id])
        await listened(bus, 2)
        await newsroom.followed(ctx)
        told = []
        for monitor in (other, shop):
            body = {"title": "Slow", "impact": "minor", "monitorIds": [monitor.id]}
            id = (await api.post("/incidents", body)).data["id"]
            told.append(await client.next("all"))
        await api.post(f"/incidents/{id}/updates", {"status": "resolved", "message": "Quick again"})
        told.append(await client.next("all"))
        await api.put(f"/incidents/{id}", {"title": "Was slow"})
        told.append(await client.next("all"))
        about_shop = [await client.next("shop") for _ in range(3)]

    assert [(incident["title"], incident["status"], incident["monitorIds"]) for incident in told] == [
        ("Slow", "INVESTIGATING", [other.id]),
        ("Slow", "INVESTIGATING", [shop.id]),
        ("Slow", "RESOLVED", [shop.id]),
        ("Was slow", "RESOLVED", [shop.id]),
    ]
    assert about_shop == told[1:]


async def test_who_names_monitors_hears_of_no_other(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop, other = await new_monitor(ctx, retries=0), await new_monitor(ctx, name="Other", retries=0)
    async with connected(api) as client:
        for id, query in (("checks", CHECKS), ("changes", CHANGES), ("incidents", INCIDENTS)):
            await client.subscribe(id, query, ids=[shop.id])
        await listened(bus, 3)
        await newsroom.followed(ctx)
        await newsroom.record(finding(other.number, clock.ms, ILL))
        await newsroom.record(finding(other.number, clock.ms + 1), finding(shop.number, clock.ms + 2, ILL))

        assert (await client.next("checks"))["monitorId"] == shop.id
        assert (await client.next("changes"))["monitor"] == {"id": shop.id}
        assert (await client.next("incidents"))["monitorIds"] == [shop.id]


async def test_nobody_hears_of_another_organization(
    api: Api, ctx: Context, stranger: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    ours, theirs = await new_monitor(ctx, retries=0), await new_monitor(stranger, retries=0)
    their_api = api.with_key(await key_of(stranger))
    async with connected(api) as us, connected(their_api) as them:
        for client in (us, them):
            for id, query in (("checks", CHECKS), ("changes", CHANGES), ("incidents", INCIDENTS)):
                await client.subscribe(id, query)
        await listened(bus, 6)
        await newsroom.followed(ctx)
        await newsroom.followed(stranger)
        # One flush, as a worker does it.
        await newsroom.record(finding(theirs.number, clock.ms, ILL), finding(ours.number, clock.ms + 1, ILL))

        for client, monitor in ((us, ours), (them, theirs)):
            assert (await client.next("checks"))["monitorId"] == monitor.id
            assert (await client.next("changes"))["monitor"] == {"id": monitor.id}
            assert (await client.next("incidents"))["monitorIds"] == [monitor.id]
        await newsroom.record(finding(theirs.number, clock.ms + MINUTE))
        assert (await them.next("checks"))["status"] == "UP"
        with pytest.raises(TimeoutError):
            await us.receive(0.2)


async def test_a_check_that_comes_too_late_to_count_is_not_told(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    first, later = finding(shop.number, clock.ms, ILL), finding(shop.number, clock.ms + MINUTE)
    async with connected(api) as client:
        await client.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        await newsroom.record(later)
        await newsroom.record(first, later)
        await newsroom.record(finding(shop.number, clock.ms + 2 * MINUTE, ILL))

        assert [(await client.next("1"))["status"] for _ in range(2)] == ["UP", "DOWN"]


async def test_nested_fields_are_those_of_the_moment(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx, retries=0)
    query = "subscription { monitorStatusChanged { to monitor { status openIncident { status } } } }"
    async with connected(api) as client:
        await client.subscribe("1", query)
        await newsroom.followed(ctx)
        told = []
        for place, outcome in enumerate((ILL, WELL)):
            await newsroom.record(finding(shop.number, clock.ms + place * MINUTE, outcome))
            told.append(await client.next("1"))

    assert told == [
        {"to": "DOWN", "monitor": {"status": "DOWN", "openIncident": {"status": "INVESTIGATING"}}},
        {"to": "UP", "monitor": {"status": "UP", "openIncident": None}},
    ]


async def test_what_is_deleted_meanwhile_is_left_out(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    gone, shop = await new_monitor(ctx), await new_monitor(ctx)
    async with connected(api) as client:
        await client.subscribe("1", CHANGES)
        await newsroom.followed(ctx)
        files = await newsroom.store(finding(gone.number, clock.ms), finding(shop.number, clock.ms))
        await delete_monitor(ctx, gone.id)
        newsroom.tell(files)

        assert (await client.next("1"))["monitor"] == {"id": shop.id}


async def test_two_hundred_listen_at_once(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx, retries=0)
    async with connected(api) as first, connected(api) as second:
        clients: list[tuple[Client, str]] = [(client, str(id)) for client in (first, second) for id in range(100)]
        for client, id in clients:
            await client.subscribe(id, CHANGES)
        await listened(bus, 200)
        await newsroom.followed(ctx)
        await newsroom.record(finding(shop.number, clock.ms, ILL))
        told = [await client.next(id, 20) for client, id in clients]

    assert len(told) == 200
    assert {(change["from"], change["to"]) for change in told} == {("PENDING", "DOWN")}
    await asyncio.gather(newsroom.left(ctx), listened(bus, 0))
