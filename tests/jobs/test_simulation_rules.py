"""The rules of the schedule as the simulation has them are those of the statements."""

from random import Random

import pytest

from is0k.jobs.verdict import ANYWHERE, Policy, State, View
from is0k.models.monitor_state import claim, recheck
from is0k.models.sql import execute_many
from is0k.resolvers.context import Context
from is0k.tests.jobs.scene import monitors, state_of
from is0k.tests.jobs.simulation import Life, next_slot
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

MINUTE = 60_000
SCHEDULE = "UPDATE monitor_state SET interval_ms = $1, phase_ms = $2, next_at = $3, slot_at = $4 WHERE number = $5"
JUDGED = "UPDATE monitor_state SET next_at = $1, slot_at = $2, last_tick = $3 WHERE number = $4"


async def test_where_a_claim_moves_a_monitor(ctx: Context, clock: FakeClock) -> None:
    random, now, rows = Random(3), clock.ms, []
    for number in await monitors(ctx, 200):
        interval = random.choice([5_000, 7_777, MINUTE, 86_400_000])
        next_at = now + random.choice([-90_000_000, -3_000, -1, 0, 1, 1_500])
        slot_at = random.choice([None, next_at - interval, now - 1, now, now + 1, now + 1_900])
        rows.append((interval, random.randrange(interval), next_at, slot_at, number))
    await execute_many(SCHEDULE, rows)
    claimed = {row["number"]: row["slot_at"] for row in await claim(now, now + 2_000, 1_000)}

    assert claimed == {number: next_at for _, _, next_at, _, number in rows}
    for interval, phase, next_at, slot_at, number in rows:
        moved_to = (await state_of(number)).next_at
        assert moved_to == next_slot(next_at, slot_at, now, phase, interval)
        assert moved_to % interval == phase
        assert moved_to > now


async def test_where_a_recheck_moves_a_monitor(ctx: Context, clock: FakeClock) -> None:
    random, now, rows = Random(4), clock.ms, []
    for number in await monitors(ctx, 100):
        next_at = now + random.choice([-1, 0, 1, MINUTE])
        slot_at, last_tick = (now + random.choice([-2, -1, 0, 1]) for _ in range(2))
        rows.append((next_at, slot_at, last_tick, number))
    await execute_many(JUDGED, rows)
    await recheck([(number, now) for _, _, _, number in rows])

    for next_at, slot_at, last_tick, number in rows:
        life = Life(Policy(MINUTE), 0, 0, [])
        life.next_at, life.slot_at, life.state = next_at, slot_at, State(views={ANYWHERE: View(last_tick)})
        life.recheck(now, now)
        assert (await state_of(number)).next_at == life.next_at
