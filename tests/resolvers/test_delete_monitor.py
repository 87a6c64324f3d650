import asyncio
from datetime import datetime

import asyncpg
import pytest

from is0k import models
from is0k.models.forgetting import forget_some
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor, get_monitor, list_monitors
from is0k.schema import Deleted, Monitor, MonitorFilter, PageArguments
from is0k.schema.clock import moment
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus
from is0k.schema.errors import MonitorNotFound
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import check, history_left, remember
from is0k.tests.stage.people import new_monitor
from is0k.tests.stage.postgres import Postgres
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def test_a_deleted_monitor_is_not_there(ctx: Context) -> None:
    monitor, other = await new_monitor(ctx), await new_monitor(ctx)

    assert await delete_monitor(ctx, monitor.id) == Deleted(id=monitor.id, deleted=True)

    with pytest.raises(MonitorNotFound):
        await get_monitor(ctx, monitor.id)
    assert (await list_monitors(ctx, MonitorFilter(), PageArguments())).items == [other]
    assert [state.number for state in await models.MonitorState.all()] == [other.number]


async def test_deleting_it_again_finds_nothing(ctx: Context) -> None:
    monitor = await new_monitor(ctx)
    await delete_monitor(ctx, monitor.id)

    with pytest.raises(MonitorNotFound):
        await delete_monitor(ctx, monitor.id)


async def incident_of(ctx: Context, monitor: Monitor, begun: datetime, resolved_at: datetime | None = None) -> None:
    await models.Incident.create(
        organization_id=ctx.organization_id,
        title="Shop is down",
        status=IncidentStatus.RESOLVED if resolved_at else IncidentStatus.INVESTIGATING,
        impact=IncidentImpact.MAJOR,
        origin=IncidentOrigin.AUTOMATIC,
        monitor_number=monitor.number,
        started_at=begun,
        resolved_at=resolved_at,
    )


async def test_its_open_incident_is_resolved_and_the_others_stay_as_they_are(ctx: Context, clock: FakeClock) -> None:
    monitor, other = await new_monitor(ctx), await new_monitor(ctx)
    begun = moment(clock.ms - 60_000)
    await incident_of(ctx, monitor, begun, resolved_at=begun)
    await incident_of(ctx, monitor, begun)
    await incident_of(ctx, other, begun)

    await delete_monitor(ctx, monitor.id)

    found = [(row.monitor_number, row.status, row.resolved_at) for row in await models.Incident.all().order_by("id")]
    assert found == [
        (monitor.number, IncidentStatus.RESOLVED, begun),
        (monitor.number, IncidentStatus.RESOLVED, clock.now()),
        (other.number, IncidentStatus.INVESTIGATING, None),
    ]


async def test_its_history_is_forgotten_afterwards_and_not_that_of_others(ctx: Context) -> None:
    monitor, other = await new_monitor(ctx), await new_monitor(ctx)
    await remember(check(monitor.number, 1), check(monitor.number, 2), check(other.number, 1))

    await delete_monitor(ctx, monitor.id)
    assert await history_left(monitor.number) == 2

    while await forget_some():
        pass
    assert [await history_left(monitor.number), await history_left(other.number)] == [0, 1]


async def test_it_waits_for_a_writer_that_resolves_its_incident_and_both_get_done(
    postgres: Postgres | None, ctx: Context, clock: FakeClock
) -> None:
    if postgres is None:
        pytest.skip("SQLite has one writer at a time")
    monitor = await new_monitor(ctx)
    await incident_of(ctx, monitor, clock.now())
    writer = await asyncpg.connect(postgres.url)
    await writer.execute("BEGIN")
    await writer.execute("SELECT number FROM monitor_state FOR UPDATE")

    deleting = asyncio.create_task(delete_monitor(ctx, monitor.id))
    await until("the two want the same row", lambda: writer.fetchval(WAITING), 5)
    await writer.execute("UPDATE incident SET resolved_at = now(), status = 'resolved'")
    await writer.execute("COMMIT")
    await writer.close()

    assert (await deleting).id == monitor.id
    assert (await models.Incident.get()).status is IncidentStatus.RESOLVED
