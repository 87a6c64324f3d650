"""What the writer tells of, and when."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.announcements import announcements
from is0k.jobs.monitor_file import MonitorFile
from is0k.jobs.writer import Writer, write
from is0k.models.check import CheckRow
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.schema.enums import Reason
from is0k.tests.jobs.scene import (
    BLIND,
    ILL,
    REGION,
    UNKNOWN,
    WELL,
    finding,
    incidents_of,
    monitor,
    running,
    soon,
    stored,
    until_failed,
    without_table,
)
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

MINUTE = 60_000


def told(files: Sequence[MonitorFile]) -> dict[Any, Any]:
    return {organization_id: orjson.loads(body) for organization_id, body in announcements(files, "home")}


async def test_each_organization_gets_one_message_about_its_own(
    ctx: Context, stranger: Context, clock: FakeClock
) -> None:
    ours, theirs = await new_monitor(ctx), await new_monitor(stranger)
    at = clock.ms
    files = await write(
        [finding(ours.number, at + 1), finding(theirs.number, at, ILL), finding(ours.number, at + MINUTE)], REGION
    )
    messages = told(files)

    assert set(messages) == {ctx.organization_id, stranger.organization_id}
    ours_told, theirs_told = messages[ctx.organization_id], messages[stranger.organization_id]
    our_id = str((await models.Monitor.get(number=ours.number)).id)
    assert ours_told["region"] == "home"
    assert [(row[0], CheckRow(*row[1:]).tick) for row in ours_told["checks"]] == [
        (our_id, at + 1),
        (our_id, at + MINUTE),
    ]
    assert ours_told["changes"] == [[our_id, "pending", "up", at + 1, "ok"]]
    assert ours_told["incidents"] == []
    assert [CheckRow(*row[1:]).message for row in theirs_told["checks"]] == ["status 503, expected 200"]


async def test_an_outage_is_a_change_and_an_incident_and_so_is_its_end(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx, retries=1)
    [id] = await models.Monitor.all().values_list("id", flat=True)
    parts = []
    for place, outcome in enumerate((WELL, ILL, ILL, WELL)):
        files = await write([finding(number, clock.ms + place * MINUTE, outcome)], REGION)
        message = told(files)[ctx.organization_id]
        parts.append((message["changes"], message["incidents"]))

    [incident] = await incidents_of(number)
    touched = [[str(incident.id), [str(id)]]]
    assert parts == [
        ([[str(id), "pending", "up", clock.ms, "ok"]], []),
        ([], []),
        # Down since the first check that failed, not since the one which confirmed it.
        ([[str(id), "up", "down", clock.ms + MINUTE, "bad_status"]], touched),
        ([[str(id), "down", "up", clock.ms + 3 * MINUTE, "ok"]], touched),
    ]


async def test_a_status_we_cannot_tell_is_a_change_too(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    changes = []
    for place, outcome in enumerate((WELL, BLIND, BLIND, WELL)):
        files = await write([finding(number, clock.ms + place * MINUTE, outcome)], REGION)
        changes += [change[1:3] for change in told(files)[ctx.organization_id]["changes"]]

    assert changes == [["pending", "up"], ["up", "unknown"], ["unknown", "up"]]


async def test_changes_come_in_the_order_in_which_they_became_known(ctx: Context, clock: FakeClock) -> None:
    """Down is told after unknown, though it began before."""
    number = await monitor(ctx, retries=1)
    late = Outcome(UNKNOWN, Reason.LATE, "Picked up 60 s after its time")
    outcomes = enumerate((WELL, ILL, late, ILL))
    files = await write([finding(number, clock.ms + place, outcome) for place, outcome in outcomes], REGION)

    assert [change[1:4] for change in told(files)[ctx.organization_id]["changes"]] == [
        ["pending", "up", clock.ms],
        ["up", "unknown", clock.ms + 2],
        ["unknown", "down", clock.ms + 1],
    ]


async def test_what_does_not_count_is_not_told(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    await write([finding(number, clock.ms)], REGION)
    files = await write([finding(number, clock.ms - 1, ILL), finding(number, clock.ms)], REGION)

    assert files == []


async def test_it_is_told_after_it_is_stored_and_once_for_a_flush(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    heard: list[int] = []
    async with running(clock) as writer:
        writer.tell = lambda files: heard.append(sum(len(file.counted) for file in files))
        for second in range(3):
            writer.add(finding(number, clock.ms + second))
        await soon(lambda: heard)
        assert await stored() == 3

    assert heard == [3]


async def test_what_could_not_be_stored_is_not_told(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    heard: list[int] = []
    with capture_logs() as logs:
        async with running(clock) as writer:
            writer.tell = lambda files: heard.append(len(files))
            async with without_table("check_result"):
                writer.add(finding(number, clock.ms))
                await until_failed(logs, times=2)
                assert heard == []

    assert heard == [1]


async def test_a_fault_in_telling_does_not_touch_what_is_stored(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)

    def fail(files: Sequence[MonitorFile]) -> None:
        raise RuntimeError("no voice")

    writer = Writer(REGION, clock, retry_seconds=0.02, tell=fail)
    with capture_logs() as logs:
        writer.add(finding(number, clock.ms))
        writer.stop()
        await writer.run()

    assert await stored() == 1
    assert [line["event"] for line in logs] == ["what was written could not be announced"]
