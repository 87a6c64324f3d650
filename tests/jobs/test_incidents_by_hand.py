"""Incidents that are open while their monitor is up, because it flaps or has maintenance: what a person's word does."""

import asyncio

import pytest

from is0k import schema
from is0k.jobs.upkeep import keep_maintenance
from is0k.jobs.writer import write
from is0k.models.organization import public_id
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import update_incident
from is0k.resolvers.maintenance_windows import delete_maintenance_window, update_maintenance_window
from is0k.resolvers.monitors import delete_monitor, get_monitor
from is0k.schema.coercion import read
from is0k.schema.enums import IncidentStatus
from is0k.schema.errors import NotFound, ValidationFailed
from is0k.schema.ids import Prefix
from is0k.tests.jobs.scene import ILL, REGION, WELL, finding, incidents_of, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_maintenance_window, new_monitor

pytestmark = pytest.mark.anyio

MINUTE = 60


@pytest.fixture
async def shop(ctx: Context) -> schema.Monitor:
    return await new_monitor(ctx, retries=0)


async def checks(shop: schema.Monitor, clock: FakeClock, *outcomes: Outcome) -> None:
    """One a minute."""
    for outcome in outcomes:
        clock.move(MINUTE)
        await keep_maintenance(clock.ms)
        await write([finding(shop.number, clock.ms, outcome)], REGION)


async def resolve(ctx: Context, shop: schema.Monitor) -> schema.Incident:
    """The incident that is open."""
    [incident] = [incident for incident in await incidents_of(shop.number) if incident.resolved_at is None]
    input = read(schema.UpdateIncidentInput, {"status": "resolved"})
    return await update_incident(ctx, public_id(Prefix.INCIDENT, incident.id), input)


async def statuses(shop: schema.Monitor) -> list[IncidentStatus]:
    return [incident.status for incident in await incidents_of(shop.number)]


FLAPPING = (WELL, ILL, WELL, ILL, WELL, ILL, WELL, ILL, WELL)
OPEN, RESOLVED = IncidentStatus.INVESTIGATING, IncidentStatus.RESOLVED


class TestFlapping:
    async def test_one_incident_stays_open_while_it_flaps(self, shop: schema.Monitor, clock: FakeClock) -> None:
        await checks(shop, clock, *FLAPPING)
        before = await statuses(shop)
        await checks(shop, clock, ILL, WELL, ILL, WELL)

        assert before[-1] is OPEN
        assert await statuses(shop) == before
        state = await state_of(shop.number)
        assert (state.status, state.told) == ("up", "down")
        await checks(shop, clock, *[WELL] * 10)
        assert set(await statuses(shop)) == {RESOLVED}

    async def test_resolved_by_hand_the_next_outage_is_another(
        self, ctx: Context, shop: schema.Monitor, clock: FakeClock
    ) -> None:
        await checks(shop, clock, *FLAPPING)
        count = len(await statuses(shop))
        await resolve(ctx, shop)

        state = await state_of(shop.number)
        assert (state.status, state.told) == ("up", "up")
        assert (await get_monitor(ctx, shop.id)).status.value == "up"
        await checks(shop, clock, WELL)
        assert await statuses(shop) == [RESOLVED] * count
        await checks(shop, clock, ILL)
        assert await statuses(shop) == [*[RESOLVED] * count, OPEN]

    async def test_while_it_is_down_only_the_checks_resolve_it(
        self, ctx: Context, shop: schema.Monitor, clock: FakeClock
    ) -> None:
        await checks(shop, clock, *FLAPPING, ILL)
        before = await state_of(shop.number)
        with pytest.raises(ValidationFailed):
            await resolve(ctx, shop)

        after = await state_of(shop.number)
        assert (after.told, after.memory) == (before.told, before.memory)
        assert (await statuses(shop))[-1] is OPEN


class TestMaintenance:
    async def test_resolved_by_hand_nothing_more_is_told_of_it(
        self, ctx: Context, shop: schema.Monitor, clock: FakeClock
    ) -> None:
        window = await new_maintenance_window(ctx, startsAt="2026-11-23T12:02:00Z", monitorIds=[shop.id])
        await checks(shop, clock, ILL, ILL, WELL)
        await resolve(ctx, shop)
        await delete_maintenance_window(ctx, window.id)
        await checks(shop, clock, WELL, WELL)

        [incident] = await incidents_of(shop.number)
        assert (incident.status, (await state_of(shop.number)).told) == (RESOLVED, "up")
        await checks(shop, clock, ILL)
        assert await statuses(shop) == [RESOLVED, OPEN]


@pytest.mark.parametrize("turn", range(5))
async def test_a_window_edited_while_its_monitors_are_checked_and_deleted_holds_nobody_up(
    ctx: Context, shop: schema.Monitor, clock: FakeClock, turn: int
) -> None:
    others = [await new_monitor(ctx, name="Blog", retries=0) for _ in range(3)]
    monitors = [shop, *others]
    window = await new_maintenance_window(ctx, monitorIds=[each.id for each in monitors])
    clock.move(61 * MINUTE)
    edits = read(schema.UpdateMaintenanceWindowInput, {"monitorIds": [each.id for each in monitors[::-1]]})
    changes = [
        delete_monitor(ctx, shop.id),
        update_maintenance_window(ctx, window.id, edits),
        write([finding(each.number, clock.ms, ILL) for each in monitors], REGION),
        keep_maintenance(clock.ms),
        new_maintenance_window(ctx, startsAt="2026-11-23T12:30:00Z", monitorIds=[each.id for each in monitors]),
    ]
    # Whoever is first: the order they begin in is another each turn.
    ended = await asyncio.gather(*changes[turn:], *changes[:turn], return_exceptions=True)

    faults = [error for error in ended if isinstance(error, BaseException)]
    # Who names a monitor that is gone by then is told so.
    assert all(isinstance(error, ValidationFailed | NotFound) for error in faults), faults
    assert [(await get_monitor(ctx, each.id)).status.value for each in others] == ["maintenance"] * 3
