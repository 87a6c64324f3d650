"""The checks and people at the same incident: the checks say when it begins and ends, people say the rest."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from is0k import models, schema
from is0k.jobs.writer import write
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import (
    create_incident_update,
    delete_incident,
    get_incident,
    list_monitor_incidents,
    update_incident,
)
from is0k.resolvers.monitors import delete_monitor, pause_monitor, resume_monitor
from is0k.schema import IncidentImpact, IncidentStatus, PageArguments
from is0k.schema.clock import moment
from is0k.schema.coercion import read
from is0k.schema.errors import ValidationFailed
from is0k.tests.jobs.scene import ILL, REGION, WELL, finding, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

INVESTIGATING, IDENTIFIED, MONITORING, RESOLVED = IncidentStatus


@pytest.fixture
async def shop(ctx: Context, clock: FakeClock) -> schema.Monitor:
    """Down since now."""
    shop = await new_monitor(ctx, retries=0)
    await check(shop, clock, ILL)
    return shop


async def check(shop: schema.Monitor, clock: FakeClock, outcome: Outcome) -> None:
    await write([finding(shop.number, clock.ms, outcome, (await state_of(shop.number)).epoch)], REGION)


async def incidents(ctx: Context, shop: schema.Monitor) -> list[schema.Incident]:
    """Newest first."""
    return list((await list_monitor_incidents(ctx, shop.id, PageArguments())).items)


def edit(ctx: Context, incident: schema.Incident, **fields: Any) -> Awaitable[schema.Incident]:
    return update_incident(ctx, incident.id, read(schema.UpdateIncidentInput, fields))


def say(ctx: Context, incident: schema.Incident, **fields: Any) -> Awaitable[schema.Incident]:
    given = read(schema.CreateIncidentUpdateInput, {"message": "We know more", **fields})
    return create_incident_update(ctx, incident.id, given)


async def refused(change: Awaitable[object]) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as error:
        await change
    return {fault["field"]: fault["code"] for fault in error.value.details}


async def test_what_people_say_stays_when_the_checks_resolve_it(
    ctx: Context, clock: FakeClock, shop: schema.Monitor
) -> None:
    [incident] = await incidents(ctx, shop)
    assert incident.acknowledged_at is None
    await edit(ctx, incident, title="The shop burns", impact="critical")
    await say(ctx, incident, status="identified")
    acknowledged_at = clock.now()
    clock.move(60)
    await check(shop, clock, WELL)

    [after] = await incidents(ctx, shop)
    assert (after.title, after.impact) == ("The shop burns", IncidentImpact.CRITICAL)
    assert (after.status, after.resolved_at, after.duration_seconds) == (RESOLVED, clock.now(), 60.0)
    assert [(update.status, update.message) for update in after.updates] == [(IDENTIFIED, "We know more")]
    assert after.acknowledged_at == acknowledged_at
    assert after.cause == incident.cause is not None


@pytest.mark.parametrize("change", [edit, say])
async def test_nobody_resolves_it_while_the_monitor_is_down(
    ctx: Context, clock: FakeClock, shop: schema.Monitor, change: Any
) -> None:
    [incident] = await incidents(ctx, shop)
    await edit(ctx, incident, status="monitoring")

    assert await refused(change(ctx, incident, status="resolved")) == {"status": "STILL_DOWN"}
    [after] = await incidents(ctx, shop)
    assert (after.status, after.resolved_at, after.updates) == (MONITORING, None, [])
    clock.move(60)
    await check(shop, clock, ILL)
    assert len(await incidents(ctx, shop)) == 1


async def test_a_person_resolves_it_when_the_monitor_is_paused_and_the_next_outage_is_another(
    ctx: Context, clock: FakeClock, shop: schema.Monitor
) -> None:
    [incident] = await incidents(ctx, shop)
    await pause_monitor(ctx, shop.id)
    clock.move(60)
    resolved = await say(ctx, incident, status="resolved")

    assert (resolved.status, resolved.resolved_at) == (RESOLVED, clock.now())
    await resume_monitor(ctx, shop.id)
    clock.move(60)
    await check(shop, clock, ILL)
    [second, first] = await incidents(ctx, shop)
    assert first == resolved
    assert (second.started_at, second.resolved_at) == (clock.now(), None)


async def test_resolved_while_paused_it_stays_so_when_the_monitor_turns_out_to_be_up(
    ctx: Context, clock: FakeClock, shop: schema.Monitor
) -> None:
    [incident] = await incidents(ctx, shop)
    await pause_monitor(ctx, shop.id)
    resolved = await edit(ctx, incident, status="resolved")
    await resume_monitor(ctx, shop.id)
    clock.move(60)
    await check(shop, clock, WELL)

    assert await incidents(ctx, shop) == [resolved]
    assert (await state_of(shop.number)).status == "up"


async def test_only_looked_at_while_paused_it_is_resolved_by_the_checks(
    ctx: Context, clock: FakeClock, shop: schema.Monitor
) -> None:
    [incident] = await incidents(ctx, shop)
    await pause_monitor(ctx, shop.id)
    await say(ctx, incident, status="monitoring")
    await resume_monitor(ctx, shop.id)
    clock.move(60)
    await check(shop, clock, WELL)

    assert (await get_incident(ctx, incident.id)).resolved_at == clock.now()


@pytest.mark.parametrize("change", [edit, say])
async def test_nobody_reopens_it_and_the_next_outage_opens_another(
    ctx: Context, clock: FakeClock, shop: schema.Monitor, change: Any
) -> None:
    clock.move(60)
    await check(shop, clock, WELL)
    [incident] = await incidents(ctx, shop)

    assert await refused(change(ctx, incident, status="investigating")) == {"status": "RESOLVED"}
    assert await incidents(ctx, shop) == [incident]
    clock.move(60)
    await check(shop, clock, ILL)
    assert [each.resolved_at for each in await incidents(ctx, shop)] == [None, incident.resolved_at]


async def test_what_was_learned_may_be_said_when_it_is_over(
    ctx: Context, clock: FakeClock, shop: schema.Monitor
) -> None:
    await check(shop, FakeClock(moment(clock.ms + 60_000)), WELL)
    [incident] = await incidents(ctx, shop)
    after = await say(ctx, incident)

    assert (after.status, after.resolved_at) == (RESOLVED, moment(clock.ms + 60_000))
    assert [update.status for update in after.updates] == [RESOLVED]


async def test_its_beginning_and_its_monitor_are_not_for_people_to_change(
    ctx: Context, clock: FakeClock, shop: schema.Monitor
) -> None:
    [incident], blog = await incidents(ctx, shop), await new_monitor(ctx)

    assert await refused(
        edit(ctx, incident, monitorIds=[blog.id], startedAt="2026-11-23T11:00:00Z", status="resolved")
    ) == {"monitorIds": "REQUIRED", "startedAt": "IMMUTABLE", "status": "STILL_DOWN"}
    assert await incidents(ctx, shop) == [incident]
    more = await edit(ctx, incident, monitorIds=[shop.id, blog.id], startedAt="2026-11-23T12:00:00Z")
    assert more.monitor_ids == [shop.id, blog.id]


async def test_it_is_deleted_only_when_it_is_over(ctx: Context, clock: FakeClock, shop: schema.Monitor) -> None:
    [incident] = await incidents(ctx, shop)

    assert await refused(delete_incident(ctx, incident.id)) == {"id": "OPEN"}
    assert await incidents(ctx, shop) == [incident]
    clock.move(60)
    await check(shop, clock, WELL)
    await delete_incident(ctx, incident.id)
    assert await incidents(ctx, shop) == []


async def test_without_its_monitor_it_is_over_and_can_be_edited_and_deleted(
    ctx: Context, clock: FakeClock, shop: schema.Monitor
) -> None:
    [incident] = await incidents(ctx, shop)
    await delete_monitor(ctx, shop.id)

    after = await edit(ctx, incident, title="The shop burnt", monitorIds=[])
    assert (after.title, after.monitor_ids, after.status) == ("The shop burnt", [], RESOLVED)
    await delete_incident(ctx, incident.id)
    assert await models.Incident.all().count() == 0


@pytest.mark.parametrize("turn", range(6))
async def test_an_edit_and_the_end_of_the_outage_at_the_same_moment_lose_nothing(
    ctx: Context, clock: FakeClock, shop: schema.Monitor, turn: int
) -> None:
    [incident] = await incidents(ctx, shop)
    clock.move(60)
    changes = [
        check(shop, clock, WELL),
        edit(ctx, incident, title="The shop burns"),
        say(ctx, incident, message="We look into it"),
        say(ctx, incident, message="It is the disk", status="identified"),
    ]
    # Whoever is first: the order they begin in is another each turn.
    ended = await asyncio.gather(*changes[turn % 4 :], *changes[: turn % 4], return_exceptions=True)

    [after] = await incidents(ctx, shop)
    assert (after.title, after.status, after.resolved_at) == ("The shop burns", RESOLVED, clock.now())
    messages = {update.message for update in after.updates}
    # One whose status came too late was told so, and not quietly lost.
    late = [error for error in ended if isinstance(error, BaseException)]
    if late:
        [error] = late
        assert isinstance(error, ValidationFailed)
        assert [fault.code for fault in error.faults] == ["RESOLVED"]
        assert messages == {"We look into it"}
    else:
        assert messages == {"We look into it", "It is the disk"}
    clock.move(60)
    await check(shop, clock, ILL)
    assert [each.resolved_at is None for each in await incidents(ctx, shop)] == [True, False]


async def test_people_at_the_same_incident_at_once_are_one_after_the_other(ctx: Context, shop: schema.Monitor) -> None:
    [incident], blog = await incidents(ctx, shop), await new_monitor(ctx)
    await asyncio.gather(
        *(say(ctx, incident, message=str(number), status="identified") for number in range(8)),
        edit(ctx, incident, title="The shop burns"),
        edit(ctx, incident, impact="minor"),
        edit(ctx, incident, monitorIds=[shop.id, blog.id]),
    )

    after = await get_incident(ctx, incident.id)
    assert (after.title, after.impact, after.status) == ("The shop burns", IncidentImpact.MINOR, IDENTIFIED)
    assert after.monitor_ids == [shop.id, blog.id]
    assert sorted(update.message for update in after.updates) == list("01234567")
