"""Editing and deleting what a person opened; what the checks opened is in tests/jobs/test_incidents.py."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import create_incident_update, delete_incident, get_incident, update_incident
from is0k.schema.coercion import read
from is0k.schema.enums import IncidentImpact, IncidentStatus
from is0k.schema.errors import IncidentNotFound, ValidationFailed
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_incident, new_monitor, new_page

pytestmark = pytest.mark.anyio

INVESTIGATING, IDENTIFIED, MONITORING, RESOLVED = IncidentStatus


async def edited(ctx: Context, incident: schema.Incident, **fields: Any) -> schema.Incident:
    return await update_incident(ctx, incident.id, read(schema.UpdateIncidentInput, fields))


async def said(ctx: Context, incident: schema.Incident, **fields: Any) -> schema.Incident:
    given = read(schema.CreateIncidentUpdateInput, {"message": "We know more", **fields})
    return await create_incident_update(ctx, incident.id, given)


async def faults(ctx: Context, incident: schema.Incident, **fields: Any) -> dict[str, str]:
    """Of an edit, which leaves everything as it was."""
    before = await get_incident(ctx, incident.id)
    with pytest.raises(ValidationFailed) as refused:
        await edited(ctx, incident, **fields)
    assert await get_incident(ctx, incident.id) == before
    return {fault["field"]: fault["code"] for fault in refused.value.details}


class TestEdits:
    async def test_what_is_present_is_set_and_the_rest_is_kept(self, ctx: Context) -> None:
        shop, blog = await new_monitor(ctx), await new_monitor(ctx)
        before = await new_incident(ctx, impact="major", monitorIds=[shop.id], message="Hm")
        after = await edited(ctx, before, title=" Blog is slow ", monitorIds=[shop.id, blog.id])

        assert (after.title, after.impact, after.monitor_ids) == (
            "Blog is slow",
            IncidentImpact.MAJOR,
            [shop.id, blog.id],
        )
        assert (after.started_at, after.updates, after.status) == (before.started_at, before.updates, before.status)
        assert after.updated_at > before.updated_at

    async def test_null_goes_back_to_the_default(self, ctx: Context) -> None:
        shop, page = await new_monitor(ctx), await new_page(ctx, "shop")
        before = await new_incident(ctx, impact="major", monitorIds=[shop.id], statusPageIds=[page])
        after = await edited(ctx, before, impact=None, monitorIds=None, statusPageIds=None)

        assert (after.impact, after.monitor_ids, after.status_page_ids) == (IncidentImpact.MINOR, [], [])

    async def test_a_link_that_stays_is_not_made_anew(self, ctx: Context) -> None:
        first, second, third = [await new_page(ctx, slug) for slug in ("one", "two", "three")]
        before = await new_incident(ctx, statusPageIds=[first, second])
        kept = await models.IncidentPage.all().order_by("id")
        after = await edited(ctx, before, statusPageIds=[third, second])

        assert after.status_page_ids == [second, third]
        assert (await models.IncidentPage.all().order_by("id"))[0] == kept[1]

    async def test_what_is_not_the_callers_is_refused_with_all_else_that_is_wrong(
        self, ctx: Context, stranger: Context
    ) -> None:
        theirs, page = await new_monitor(stranger), await new_page(stranger, "theirs")
        incident = await new_incident(ctx, status="resolved")

        assert await faults(
            ctx,
            incident,
            title="Stolen",
            monitorIds=[theirs.id],
            statusPageIds=[page],
            status="monitoring",
            startedAt="2026-11-23T12:00:00.001Z",
        ) == {
            "monitorIds.0": "MONITOR_NOT_FOUND",
            "statusPageIds.0": "STATUS_PAGE_NOT_FOUND",
            "status": "RESOLVED",
            "startedAt": "OUT_OF_RANGE",
        }

    async def test_it_may_have_begun_earlier_but_not_later_than_it_was_resolved(
        self, ctx: Context, clock: FakeClock
    ) -> None:
        incident = await said(ctx, await new_incident(ctx), status="resolved")
        clock.move(3600)

        assert await faults(ctx, incident, startedAt="2026-11-23T12:00:00.001Z") == {"startedAt": "OUT_OF_RANGE"}
        after = await edited(ctx, incident, startedAt="2026-11-23T11:00:00Z")
        assert (after.started_at, after.duration_seconds) == (datetime(2026, 11, 23, 11, tzinfo=UTC), 3600.0)

    async def test_an_edit_resolves_but_only_an_update_reopens(self, ctx: Context, clock: FakeClock) -> None:
        incident = await new_incident(ctx)
        clock.move(60)
        resolved = await edited(ctx, incident, status="resolved")

        assert (resolved.status, resolved.resolved_at, resolved.updates) == (RESOLVED, clock.now(), [])
        clock.move(60)
        assert await faults(ctx, incident, status="investigating") == {"status": "RESOLVED"}
        again = await edited(ctx, incident, status="resolved", title="Shop was slow")
        assert (again.title, again.resolved_at) == ("Shop was slow", resolved.resolved_at)


class TestUpdates:
    async def test_an_update_moves_the_status(self, ctx: Context, clock: FakeClock) -> None:
        incident = await new_incident(ctx, message="Hm")
        clock.move(60)
        after = await said(ctx, incident, status="identified")

        assert after.status is IDENTIFIED
        assert [(update.status, update.message) for update in after.updates] == [
            (IDENTIFIED, "We know more"),
            (INVESTIGATING, "Hm"),
        ]
        assert after.updates[0].created_at == clock.now()
        assert after.updated_at > incident.updated_at

    async def test_an_update_without_a_status_leaves_it(self, ctx: Context) -> None:
        after = await said(ctx, await new_incident(ctx, status="monitoring"))

        assert (after.status, after.updates[0].status) == (MONITORING, MONITORING)

    async def test_resolving_says_when_and_how_long_it_lasted(self, ctx: Context, clock: FakeClock) -> None:
        incident = await new_incident(ctx)
        clock.move(90)
        after = await said(ctx, incident, status="resolved")

        assert (after.resolved_at, after.duration_seconds) == (clock.now(), 90.0)

    async def test_what_is_said_afterwards_does_not_resolve_it_again(self, ctx: Context, clock: FakeClock) -> None:
        resolved = await said(ctx, await new_incident(ctx), status="resolved")
        clock.move(3600)
        for status in ({}, {"status": "resolved"}):
            after = await said(ctx, resolved, message="What we learned", **status)

            assert (after.status, after.resolved_at) == (RESOLVED, resolved.resolved_at)
        assert len(after.updates) == 3

    async def test_an_update_reopens_what_a_person_opened(self, ctx: Context, clock: FakeClock) -> None:
        resolved = await said(ctx, await new_incident(ctx), status="resolved")
        after = await said(ctx, resolved, status="investigating")

        assert (after.status, after.resolved_at, after.duration_seconds) == (INVESTIGATING, None, None)


class TestDelete:
    async def test_it_is_forgotten_with_all_that_belongs_to_it(self, ctx: Context) -> None:
        shop, page, other = await new_monitor(ctx), await new_page(ctx, "shop"), await new_incident(ctx, message="Hm")
        incident = await new_incident(ctx, monitorIds=[shop.id], statusPageIds=[page], message="Hm")

        assert await delete_incident(ctx, incident.id) == schema.Deleted(id=incident.id)
        with pytest.raises(IncidentNotFound):
            await get_incident(ctx, incident.id)
        assert await get_incident(ctx, other.id) == other
        assert [await models.IncidentMonitor.all().count(), await models.IncidentPage.all().count()] == [0, 0]
        assert await models.IncidentUpdate.all().count() == 1

    async def test_a_monitor_that_is_deleted_leaves_the_incident(self, ctx: Context) -> None:
        shop = await new_monitor(ctx)
        incident = await new_incident(ctx, monitorIds=[shop.id])
        await models.Monitor.filter(number=shop.number).delete()

        after = await get_incident(ctx, incident.id)
        assert (after.monitor_ids, after.resolved_at) == ([], None)


async def test_people_at_the_same_incident_at_once_are_one_after_the_other(ctx: Context) -> None:
    incident = await new_incident(ctx)
    await asyncio.gather(
        *(said(ctx, incident, message=str(number), status="resolved") for number in range(8)),
        edited(ctx, incident, title="Shop was slow"),
        edited(ctx, incident, impact="critical"),
    )

    after = await get_incident(ctx, incident.id)
    assert (after.title, after.impact, after.status) == ("Shop was slow", IncidentImpact.CRITICAL, RESOLVED)
    assert sorted(update.message for update in after.updates) == list("01234567")
