"""Our own network is cut under a thousand monitors: nobody is alerted, we say once that we were blind, and what was not
seen is no downtime.

`CUT_SECONDS=300` for longer than the suite has time for, `CUT=silent` for one that loses packets and tells nobody.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from statistics import fmean

import pytest

from is0k import models, schema
from is0k.schema.enums import MonitorStatus, NoticeKind
from is0k.tests.stage.crowd import COUNT, Crowd, descriptions
from is0k.tests.stage.waiting import until

CUT_SECONDS = float(os.environ.get("CUT_SECONDS", "20"))
IS_SILENT = os.environ.get("CUT") == "silent"

pytestmark = [pytest.mark.anyio, pytest.mark.processes, pytest.mark.timeout(150 + CUT_SECONDS)]

INTERVALS = (5, 10, 30)
# A round of canaries every ten seconds tells that they answer again; and what a busy machine needs.
HEARD_SECONDS, SLACK_SECONDS = 10.0, 10.0
NOTICED_SECONDS = 15.0
# A time-out, and what the observer may hold a failure for.
LONGEST_LOOK_SECONDS = 5.0


@pytest.fixture(scope="module")
def intervals() -> tuple[int, ...]:
    return INTERVALS


@dataclass
class Outage:
    """What there was to see of it, from the moment all were up until all were up again."""

    seconds_to_notice: float
    seconds: float
    seconds_to_whole: float
    statuses: list[Counter[MonitorStatus]]  # of all monitors, second by second
    checks: Counter[str]
    stats: list[schema.Stats]

    @property
    def unseen_seconds(self) -> float:
        """What the coverage lacks, of the mean monitor."""
        lengths = ((one.to - one.from_).total_seconds() for one in self.stats)
        return fmean(
            length * (1 - (one.coverage_percent or 0) / 100) for length, one in zip(lengths, self.stats, strict=True)
        )


@pytest.fixture(scope="module")
async def outage(crowd: Crowd) -> Outage:
    began, cut_at = crowd.now, time.monotonic()
    network = crowd.region.network
    await asyncio.to_thread(network.swallow if IS_SILENT else network.cut)
    await until("it says that it is blind", models.Notice.filter(kind=NoticeKind.BLIND).exists, NOTICED_SECONDS)
    noticed_at = time.monotonic()
    statuses = [status async for status in watched(crowd, cut_at + CUT_SECONDS)]
    await asyncio.to_thread(network.let_through if IS_SILENT else network.mend)
    mended, mended_at = crowd.now, time.monotonic()
    await crowd.until_up_since(mended, 2 * (max(INTERVALS) + HEARD_SECONDS + SLACK_SECONDS))
    whole_at = time.monotonic()
    return Outage(
        seconds_to_notice=noticed_at - cut_at,
        seconds=mended_at - cut_at,
        seconds_to_whole=whole_at - mended_at,
        statuses=statuses,
        checks=await crowd.checks(began),
        stats=await crowd.stats(began),
    )


def surely_hit() -> int:
    """One that looks every thirty seconds may not have noticed a cut of twenty."""
    return sum(
        described["intervalSeconds"] + LONGEST_LOOK_SECONDS < CUT_SECONDS for described in descriptions(INTERVALS)
    )


async def watched(crowd: Crowd, end: float) -> AsyncIterator[Counter[MonitorStatus]]:
    while time.monotonic() < end:
        yield await crowd.statuses()
        await asyncio.sleep(1)  # what is looked at is time itself


async def test_no_check_called_anything_down_and_no_incident_was_opened(outage: Outage) -> None:
    print(f"cut for {outage.seconds:.1f} s, noticed after {outage.seconds_to_notice:.1f} s; checks: {outage.checks}")

    assert outage.checks["unknown"] > 0
    assert outage.checks["down"] == 0
    assert await models.Incident.all().count() == 0


async def test_all_the_time_every_monitor_was_up_or_unknown(outage: Outage) -> None:
    assert set().union(*outage.statuses) == {MonitorStatus.UP, MonitorStatus.UNKNOWN}
    assert {statuses.total() for statuses in outage.statuses} == {COUNT}
    assert outage.statuses[-1][MonitorStatus.UNKNOWN] >= surely_hit()


async def test_one_notice_says_that_we_were_blind_and_when_it_was_over(outage: Outage) -> None:
    [notice] = await models.Notice.all()

    assert (notice.kind, notice.region) == (NoticeKind.BLIND, "default")
    assert notice.message.startswith("The worker in default cannot see: its own network does not answer.")
    assert notice.ended_at is not None
    lasted = (notice.ended_at - notice.started_at).total_seconds()
    assert outage.seconds - NOTICED_SECONDS < lasted < outage.seconds + HEARD_SECONDS + SLACK_SECONDS


async def test_the_uptime_of_every_monitor_is_whole(outage: Outage) -> None:
    assert len(outage.stats) == COUNT
    assert {(one.uptime_percent, one.downtime_seconds, one.incidents) for one in outage.stats} == {(100.0, 0.0, 0)}


async def test_the_coverage_lacks_what_the_cut_took(outage: Outage) -> None:
    print(f"not seen: {outage.unseen_seconds:.1f} s of a cut of {outage.seconds:.1f} s")

    assert sum((one.coverage_percent or 0) < 100 for one in outage.stats) >= surely_hit()
    assert not any(one.checks.unknown for one in outage.stats if one.coverage_percent == 100)
    assert outage.seconds - max(INTERVALS) < outage.unseen_seconds < outage.seconds + HEARD_SECONDS + max(INTERVALS)


async def test_all_are_looked_at_again_as_soon_as_we_see(outage: Outage) -> None:
    print(f"whole again after {outage.seconds_to_whole:.1f} s")

    assert outage.seconds_to_whole < max(INTERVALS) + HEARD_SECONDS + SLACK_SECONDS


async def test_the_worker_met_no_fault_of_its_own(crowd: Crowd, outage: Outage) -> None:
    assert crowd.region.stop_worker() == 0
    assert "Traceback" not in crowd.region.log.read_text()
