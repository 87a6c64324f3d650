"""What a person says when something is wrong, and what is stored of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from is0k import models, schema
from is0k.resolvers.api_keys import create_api_key
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import get_incident
from is0k.resolvers.monitors import delete_monitor
from is0k.schema import CreateApiKeyInput
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus
from is0k.schema.errors import ValidationFailed
from is0k.schema.ids import Prefix, decode, encode, uuid7
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_incident, new_monitor, new_page

pytestmark = pytest.mark.anyio


async def with_key(ctx: Context, name: str) -> Context:
    """The same person, who comes with an API key."""
    key = (await create_api_key(ctx, CreateApiKeyInput(name=name))).api_key
    assert ctx.actor is not None
    return replace(ctx, actor=replace(ctx.actor, key_id=decode(Prefix.API_KEY, key.id)))


async def faults(ctx: Context, **fields: Any) -> dict[str, tuple[str, str]]:
    with pytest.raises(ValidationFailed) as refused:
        await new_incident(ctx, **fields)
    return {fault["field"]: (fault["code"], fault["message"]) for fault in refused.value.details}


async def everything() -> list[int]:
    tables = (models.Incident, models.IncidentMonitor, models.IncidentPage, models.IncidentUpdate)
    return [await table.all().count() for table in tables]


async def test_it_is_as_it_was_described(ctx: Context, clock: FakeClock) -> None:
    shop, blog, page = await new_monitor(ctx), await new_monitor(ctx), await new_page(ctx, "shop")
    incident = await new_incident(
        await with_key(ctx, "Ann"),
        title=" Shop is slow ",
        status="identified",
        impact="critical",
        monitorIds=[shop.id, blog.id],
        statusPageIds=[page],
        startedAt="2026-11-23T11:00:00.250Z",
        message="**A disk** is full\n",
    )

    [update] = incident.updates
    assert incident == schema.Incident(
        id=incident.id,
        title="Shop is slow",
        status=IncidentStatus.IDENTIFIED,
        impact=IncidentImpact.CRITICAL,
        origin=IncidentOrigin.MANUAL,
        monitor_ids=[shop.id, blog.id],
        status_page_ids=[page],
        started_at=datetime(2026, 11, 23, 11, 0, 0, 250_000, UTC),
        acknowledged_at=clock.now(),
        acknowledged_by="Ann",
        resolved_at=None,
        duration_seconds=None,
        cause=None,
        updates=[update],
        created_at=incident.created_at,
        updated_at=incident.updated_at,
    )
    assert (update.status, update.message) == (IncidentStatus.IDENTIFIED, "**A disk** is full\n")
    assert update.created_at == clock.now()
    assert decode(Prefix.INCIDENT_UPDATE, update.id)
    assert await get_incident(ctx, incident.id) == incident


async def test_without_more_it_begins_now_and_nothing_has_been_said(ctx: Context, clock: FakeClock) -> None:
    clock.move(0.250_750)
    incident = await new_incident(ctx)

    # As precise as it is shown.
    assert incident.started_at == datetime(2026, 11, 23, 12, 0, 0, 250_000, UTC)
    assert (incident.monitor_ids, incident.status_page_ids, incident.updates) == ([], [], [])
    assert incident.acknowledged_by is None


async def test_one_that_is_over_already_is_resolved_now(ctx: Context, clock: FakeClock) -> None:
    incident = await new_incident(ctx, status="resolved", startedAt="2026-11-23T11:59:00Z")

    assert (incident.resolved_at, incident.duration_seconds) == (clock.now(), 60.0)


async def test_it_cannot_begin_in_the_future(ctx: Context, clock: FakeClock) -> None:
    later = (clock.now() + timedelta(milliseconds=1)).isoformat()

    assert await faults(ctx, startedAt=later) == {
        "startedAt": ("OUT_OF_RANGE", "Must not be in the future, nor after it was resolved")
    }
    assert await everything() == [0, 0, 0, 0]


async def test_what_is_not_the_callers_is_told_all_at_once(ctx: Context, stranger: Context) -> None:
    own, theirs = await new_monitor(ctx), await new_monitor(stranger)
    page, nobody = await new_page(stranger, "theirs"), encode(Prefix.MONITOR, uuid7())

    ids = [own.id, theirs.id, nobody, "", "mon_malformed", page]
    told = await faults(
        ctx, monitorIds=ids, statusPageIds=[page, own.id], message="x", startedAt="2999-01-01T00:00:00Z"
    )

    assert told == {
        **{
            f"monitorIds.{place}": ("MONITOR_NOT_FOUND", f"Monitor with ID {ids[place]} not found")
            for place in range(1, 6)
        },
        "statusPageIds.0": ("STATUS_PAGE_NOT_FOUND", f"Status page with ID {page} not found"),
        "statusPageIds.1": ("STATUS_PAGE_NOT_FOUND", f"Status page with ID {own.id} not found"),
        "startedAt": ("OUT_OF_RANGE", "Must not be in the future, nor after it was resolved"),
    }
    assert await everything() == [0, 0, 0, 0]


async def test_the_name_of_somebody_elses_key_is_not_shown(ctx: Context, stranger: Context) -> None:
    assert ctx.actor is not None
    theirs = await with_key(stranger, "Secret")
    assert theirs.actor is not None
    incident = await new_incident(replace(ctx, actor=replace(ctx.actor, key_id=theirs.actor.key_id)))

    assert incident.acknowledged_by is None


@pytest.mark.parametrize("turn", range(6))
async def test_a_monitor_deleted_at_the_same_moment_is_not_found_or_leaves_the_incident(
    ctx: Context, turn: int
) -> None:
    shop = await new_monitor(ctx)
    changes = [delete_monitor(ctx, shop.id), *(new_incident(ctx, monitorIds=[shop.id]) for _ in range(3))]
    ended = await asyncio.gather(*changes[turn % 4 :], *changes[: turn % 4], return_exceptions=True)

    made = [item for item in ended if isinstance(item, schema.Incident)]
    refused = [item for item in ended if isinstance(item, BaseException)]
    assert len(made) + len(refused) == 3
    for error in refused:
        assert isinstance(error, ValidationFailed)
        assert [fault.code for fault in error.faults] == ["MONITOR_NOT_FOUND"]
    assert await everything() == [len(made), 0, 0, 0]
