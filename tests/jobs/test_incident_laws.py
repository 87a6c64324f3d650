"""Whatever the checks see and people do, in any order: a monitor that is down has one open incident, others none."""

from collections.abc import Awaitable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from is0k import models
from is0k.jobs.writer import write
from is0k.models.organization import public_id
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import create_incident_update, delete_incident, update_incident
from is0k.resolvers.monitors import pause_monitor, resume_monitor
from is0k.schema import CreateIncidentUpdateInput, IncidentStatus, Monitor, UpdateIncidentInput
from is0k.schema.errors import ValidationFailed
from is0k.schema.ids import Prefix
from is0k.tests.jobs.scene import ILL, REGION, WELL, finding, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor, new_organization

pytestmark = pytest.mark.anyio

OF_MONITOR = {"up", "down", "pause", "resume"}
OF_INCIDENT = {"say resolved", "say monitoring", "edit resolved", "edit monitoring", "delete"}


async def check(shop: Monitor, tick: int, outcome: Outcome) -> None:
    await write([finding(shop.number, tick, outcome, (await state_of(shop.number)).epoch)], REGION)


def done_to_monitor(step: str, ctx: Context, clock: FakeClock, shop: Monitor) -> Awaitable[object]:
    if step in ("pause", "resume"):
        return (pause_monitor if step == "pause" else resume_monitor)(ctx, shop.id)
    return check(shop, clock.ms, WELL if step == "up" else ILL)


async def done_to_latest_incident(step: str, ctx: Context) -> None:
    row = await models.Incident.all().order_by("-started_at").first()
    if row is None:
        return
    id, (verb, _, word) = public_id(Prefix.INCIDENT, row.id), step.partition(" ")
    with suppress(ValidationFailed):
        if verb == "delete":
            await delete_incident(ctx, id)
        elif verb == "say":
            said = CreateIncidentUpdateInput(message="Hm", status=IncidentStatus(word))
            await create_incident_update(ctx, id, said)
        else:
            await update_incident(ctx, id, UpdateIncidentInput(status=IncidentStatus(word)))


@given(st.lists(st.sampled_from(sorted(OF_MONITOR | OF_INCIDENT)), min_size=5, max_size=15))
@examples(max_examples=60)
async def test_a_monitor_that_is_down_has_one_open_incident_and_others_have_none(
    open_database: None, clock: FakeClock, story: list[str]
) -> None:
    await models.Incident.all().delete()
    ctx = await new_organization("Ours", clock)
    shop = await new_monitor(ctx, retries=0)
    for step in ["down", *story]:
        clock.move(60)
        await (done_to_monitor(step, ctx, clock, shop) if step in OF_MONITOR else done_to_latest_incident(step, ctx))

        incidents = await models.Incident.all()
        is_down = (await state_of(shop.number)).status == "down"
        assert len([row for row in incidents if row.resolved_at is None]) == is_down
        assert all((row.status is IncidentStatus.RESOLVED) == (row.resolved_at is not None) for row in incidents)
