"""A thousand monitors on one worker: it stands still for a while, which is its own trouble; then the servers of most of
them die, which is theirs.

`FROZEN_SECONDS=20` for longer than the suite has time for. The tests are one story, in their order.
"""

import asyncio
import os

import pytest

from is0k import models
from is0k.schema.enums import MonitorStatus, NoticeKind
from is0k.tests.stage.crowd import COUNT, THEIR_COUNT, THEIRS, Crowd
from is0k.tests.stage.waiting import until

FROZEN_SECONDS = float(os.environ.get("FROZEN_SECONDS", "10"))

pytestmark = [pytest.mark.anyio, pytest.mark.processes, pytest.mark.timeout(180 + FROZEN_SECONDS)]

INTERVALS = (5, 10)
# Of the longest interval, and what a busy machine needs.
SOON = max(INTERVALS) + 15.0
# A confirmation comes within half an interval.
CONFIRMED = 1.5 * max(INTERVALS) + 15.0


@pytest.fixture(scope="module")
def intervals() -> tuple[int, ...]:
    return INTERVALS


async def test_a_worker_that_stands_still_under_load_calls_nothing_down(crowd: Crowd) -> None:
    frozen_at = crowd.now
    crowd.region.freeze_worker()
    await asyncio.sleep(FROZEN_SECONDS)  # what is looked at is time itself
    crowd.region.thaw_worker()
    await crowd.until_up_since(crowd.now, 2 * SOON)

    checks = await crowd.checks(frozen_at)
    print(f"stood still for {FROZEN_SECONDS:g} s; checks: {checks}")
    assert checks["up"] >= COUNT
    assert checks["down"] == 0
    assert "this worker stood still" in crowd.region.log.read_text()
    assert await models.Incident.all().count() == 0
    assert {(one.uptime_percent, one.downtime_seconds) for one in await crowd.stats(frozen_at)} == {(100.0, 0.0)}
    assert await models.Notice.all().count() == 0


async def test_when_their_servers_die_all_of_theirs_are_down_and_none_of_ours(crowd: Crowd) -> None:
    crowd.kill(THEIRS)

    async def are_down() -> bool:
        return (await crowd.statuses())[MonitorStatus.DOWN] == THEIR_COUNT

    await until("all of theirs are down", are_down, CONFIRMED)

    assert await crowd.statuses() == {MonitorStatus.DOWN: THEIR_COUNT, MonitorStatus.UP: COUNT - THEIR_COUNT}
    assert await models.Incident.filter(resolved_at=None).count() == THEIR_COUNT
    assert await models.Incident.all().count() == THEIR_COUNT


async def test_one_notice_says_that_most_began_to_fail_together_while_our_canaries_answer(crowd: Crowd) -> None:
    [notice] = await until("a notice", models.Notice.all, SOON)

    assert (notice.kind, notice.region, notice.ended_at) == (NoticeKind.MASS_FAILURE, "default", None)
    assert "began to fail within a minute, while its canaries answer" in notice.message


async def test_when_their_servers_are_back_all_are_up_and_the_notice_ends(crowd: Crowd) -> None:
    await crowd.open(THEIRS)
    await crowd.until_up_since(crowd.now, SOON)

    async def is_over() -> bool:
        return not await models.Notice.filter(ended_at=None).exists()

    await until("the notice ends", is_over, SOON)
    assert await models.Notice.all().count() == 1
    assert await models.Incident.filter(resolved_at=None).count() == 0
    assert await models.Incident.all().count() == THEIR_COUNT
