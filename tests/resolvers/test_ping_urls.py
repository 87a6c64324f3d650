"""The URL a job calls: who has one, who may have another, and how it is shown."""

from dataclasses import replace

import pytest
from strawberry import ID

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import check_monitor, get_monitor
from is0k.resolvers.pings import PingDesk, list_pings, new_ping, rotate_ping_url
from is0k.schema.enums import PingKind, Plan
from is0k.schema.errors import PlanUpgradeRequired, ValidationFailed
from is0k.schema.page import PageArguments
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.jobs import call, new_heartbeat, token_of
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

HEARTBEAT = {"name": "Backup", "type": "heartbeat", "periodSeconds": 3600}


async def test_each_monitor_has_a_token_of_its_own_that_nobody_guesses(ctx: Context) -> None:
    tokens = {token_of(await new_heartbeat(ctx)) for _ in range(3)}

    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {24}


async def test_another_url_makes_the_first_unknown_at_once(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_heartbeat(ctx)

    rotated = await rotate_ping_url(ctx, monitor.id)

    assert token_of(rotated) != token_of(monitor)
    assert rotated.updated_at == clock.now()
    assert await PingDesk().take(token_of(monitor), new_ping(clock, PingKind.SUCCESS)) is None
    await call(rotated, clock)


async def test_only_who_is_called_has_a_url(ctx: Context) -> None:
    monitor = await new_monitor(ctx)

    with pytest.raises(ValidationFailed) as refused:
        await rotate_ping_url(ctx, monitor.id)

    assert [(fault.path, fault.code) for fault in refused.value.faults] == [(("id",), "NO_PING_URL")]
    assert (await get_monitor(ctx, monitor.id)).updated_at == monitor.updated_at


async def test_there_is_nothing_to_check_out_of_turn(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_heartbeat(ctx)
    await models.MonitorState.all().update(next_at=clock.ms + 50_000)

    with pytest.raises(ValidationFailed) as refused:
        await check_monitor(ctx, monitor.id)

    assert [(fault.path, fault.code) for fault in refused.value.faults] == [(("id",), "NOT_CHECKABLE")]
    assert (await models.MonitorState.get()).next_at == clock.ms + 50_000


@pytest.mark.parametrize(("plan", "may"), [(Plan.FREE, False), (Plan.HOBBY, True), (Plan.PRO, True)])
async def test_heartbeats_begin_with_hobby(ctx: Context, plan: Plan, may: bool) -> None:
    assert ctx.actor is not None
    customer = replace(ctx, actor=replace(ctx.actor, plan=plan))

    if may:
        await new_heartbeat(customer, intervalSeconds=300)
    else:
        with pytest.raises(PlanUpgradeRequired) as refused:
            await new_heartbeat(customer, intervalSeconds=300)
        assert refused.value.message == "The Free plan has no monitors of type heartbeat; the Hobby plan has it"

    assert await models.Heartbeat.all().count() == int(may)


async def test_rest_shows_the_url_takes_it_back_and_gives_another(api: Api) -> None:
    made = (await api.post("/monitors", HEARTBEAT)).data
    shown = (await api.get(f"/monitors/{made['id']}")).data
    edited = (await api.call("PUT", f"/monitors/{made['id']}", shown | {"graceSeconds": 60})).data
    rotated = (await api.post(f"/monitors/{made['id']}/rotate-ping-url")).data

    assert made["pingUrl"].startswith("http://127.0.0.1:8000/ping/")
    assert shown["pingUrl"] == edited["pingUrl"] == made["pingUrl"] != rotated["pingUrl"]
    assert (edited["graceSeconds"], edited["periodSeconds"], edited["cron"]) == (60, 3600, None)
    assert (await api.post("/monitors", HEARTBEAT | {"pingUrl": "https://evil.example"})).faults == {
        "pingUrl": "UNKNOWN_FIELD"
    }


async def test_rest_tells_what_is_wrong_with_a_schedule(api: Api) -> None:
    both = await api.post("/monitors", HEARTBEAT | {"cron": "0 3 * * *"})
    cron = await api.post("/monitors", HEARTBEAT | {"periodSeconds": None, "cron": "0 0 3 * * *"})
    tried = await api.post("/monitors/preview", {"type": "heartbeat", "periodSeconds": 3600})

    assert (both.status, both.faults) == (422, {"periodSeconds": "CONFLICT"})
    assert (cron.status, cron.faults) == (422, {"cron": "BAD_CRON"})
    assert (tried.status, tried.faults) == (422, {"type": "NOT_CHECKABLE"})
    assert await models.Monitor.all().count() == 0


async def test_graphql_makes_reads_and_rotates(api: Api, clock: FakeClock) -> None:
    create = """mutation { createMonitor(input: {name: "Backup", settings: {heartbeat: {cron: "0 3 * * *"}}})
        { monitor { id settings { ... on HeartbeatSettings { pingUrl cron graceSeconds } } } userErrors { code } } }"""
    made = (await api.graphql(create))["data"]["createMonitor"]["monitor"]
    token = made["settings"]["pingUrl"].rpartition("/")[2]
    await PingDesk().take(token, new_ping(clock, PingKind.FAIL, exit_code=3, body=b"no", method="POST", source="::1"))

    read = """query ($id: ID!) { monitor(id: $id) { pings(first: 1) { totalCount edges { node
        { at kind exitCode runMs method sourceAddress userAgent body } } } } }"""
    found = (await api.graphql(read, id=made["id"]))["data"]["monitor"]["pings"]
    rotate = """mutation ($id: ID!) { rotatePingUrl(id: $id) { monitor
        { settings { ... on HeartbeatSettings { pingUrl } } } userErrors { code } } }"""
    rotated = (await api.graphql(rotate, id=made["id"]))["data"]["rotatePingUrl"]

    assert found == {
        "totalCount": 1,
        "edges": [
            {
                "node": {
                    "at": "2026-11-23T12:00:00.000Z",
                    "kind": "FAIL",
                    "exitCode": 3,
                    "runMs": None,
                    "method": "POST",
                    "sourceAddress": "::1",
                    "userAgent": None,
                    "body": "no",
                }
            }
        ],
    }
    assert rotated["userErrors"] == []
    assert rotated["monitor"]["settings"]["pingUrl"] != made["settings"]["pingUrl"]


async def test_the_id_of_a_call_is_not_asked_for_by_strangers(ctx: Context, stranger: Context) -> None:
    theirs = await new_heartbeat(stranger)

    for verb in (lambda: list_pings(ctx, theirs.id, PageArguments()), lambda: rotate_ping_url(ctx, ID(theirs.id))):
        with pytest.raises(Exception, match=f"Monitor with ID {theirs.id} not found"):
            await verb()
