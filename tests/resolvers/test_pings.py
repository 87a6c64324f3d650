"""What is kept of a job's calls, who may read them, and who may have another URL."""

import asyncio
from typing import Any

import pytest

from is0k import models
from is0k.models.forgetting import forget_some
from is0k.models.heartbeat import KEPT_PINGS
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import delete_monitor
from is0k.resolvers.pings import LARGEST_BODY_BYTES, PINGS_PER_MINUTE, PingDesk, list_pings, new_ping
from is0k.schema.enums import PingKind
from is0k.schema.page import PageArguments
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.jobs import call, new_heartbeat, token_of
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

HEARTBEAT = {"name": "Backup", "type": "heartbeat", "periodSeconds": 3600}


async def beat() -> dict[str, Any]:
    """What is known of the job, other than what does not change."""
    [row] = await models.Heartbeat.all().values()
    return {name: value for name, value in row.items() if name not in ("number", "token", "since")}


NOTHING = {
    "pings": 0,
    "called_at": None,
    "succeeded_at": None,
    "failed_at": None,
    "started_at": None,
    "unfinished_since": None,
    "exit_code": None,
    "excerpt": None,
    "run_ms": None,
}


async def test_a_success_ends_the_run_and_forgets_the_failure(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_heartbeat(ctx)
    start = clock.ms
    assert await beat() == NOTHING

    await call(monitor, clock, PingKind.START)
    clock.move(1)
    await call(monitor, clock, PingKind.START)
    run = {"called_at": start + 1_000, "started_at": start + 1_000, "unfinished_since": start}
    assert await beat() == NOTHING | run | {"pings": 2}

    clock.move(2)
    await call(monitor, clock, PingKind.FAIL, exit_code=3, body=b"disk full")
    failed = {"called_at": clock.ms, "failed_at": clock.ms, "exit_code": 3, "excerpt": "disk full", "run_ms": 2_000}
    assert await beat() == NOTHING | failed | {"pings": 3}

    clock.move(1)
    await call(monitor, clock, run_ms=700)
    well = {"called_at": clock.ms, "succeeded_at": clock.ms, "run_ms": 700}
    assert await beat() == NOTHING | well | {"pings": 4}


async def test_a_call_to_the_log_changes_nothing_and_brings_no_turn_forward(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_heartbeat(ctx)
    await models.MonitorState.all().update(next_at=clock.ms + 50_000)

    await call(monitor, clock, PingKind.LOG, body=b"half way")

    assert await beat() == NOTHING | {"pings": 1}
    assert (await models.MonitorState.get()).next_at == clock.ms + 50_000
    assert (await models.Ping.get()).body == "half way"


@pytest.mark.parametrize("kind", [PingKind.START, PingKind.SUCCESS, PingKind.FAIL])
async def test_every_other_call_brings_the_turn_forward(ctx: Context, clock: FakeClock, kind: PingKind) -> None:
    monitor = await new_heartbeat(ctx)
    await models.MonitorState.all().update(next_at=clock.ms + 50_000)

    await call(monitor, clock, kind)

    assert (await models.MonitorState.get()).next_at == clock.ms


async def test_an_unknown_token_is_only_read(ctx: Context, clock: FakeClock, statements: Statements) -> None:
    await new_heartbeat(ctx)

    with statements() as sent:
        assert await PingDesk().take("nobody", new_ping(clock, PingKind.SUCCESS)) is None

    assert len(sent) == 1 and sent[0].startswith("SELECT")
    assert await beat() == NOTHING


async def test_what_is_more_than_the_limit_is_heard_and_not_kept(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_heartbeat(ctx)
    desk, token = PingDesk(), token_of(monitor)
    for _ in range(PINGS_PER_MINUTE):
        taken = await desk.take(token, new_ping(clock, PingKind.SUCCESS))
        assert taken is not None and taken.is_accepted
    clock.move(1)
    await models.MonitorState.all().update(next_at=clock.ms + 50_000)

    refused = await desk.take(token, new_ping(clock, PingKind.FAIL, exit_code=9))

    assert refused is not None and not refused.is_accepted
    known = await beat()
    assert (known["pings"], known["failed_at"], known["exit_code"]) == (PINGS_PER_MINUTE, clock.ms, 9)
    assert await models.Ping.all().count() == PINGS_PER_MINUTE
    assert (await models.MonitorState.get()).next_at == clock.ms + 50_000

    other = await desk.take(token_of(await new_heartbeat(ctx)), new_ping(clock, PingKind.SUCCESS))
    assert other is not None and other.is_accepted


async def test_the_last_hundred_are_kept(ctx: Context, clock: FakeClock) -> None:
    monitor, other = await new_heartbeat(ctx), await new_heartbeat(ctx)
    await call(other, clock, body=b"other")
    for number in range(KEPT_PINGS + 5):
        await call(monitor, clock, body=str(number).encode())

    page = await list_pings(ctx, monitor.id, PageArguments(limit=100))

    assert [ping.body for ping in page.items] == [str(number) for number in reversed(range(5, KEPT_PINGS + 5))]
    assert not page.has_next and await page.count_all() == KEPT_PINGS
    assert [ping.body for ping in (await list_pings(ctx, other.id, PageArguments())).items] == ["other"]


async def test_calls_at_once_are_all_kept(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_heartbeat(ctx)

    await asyncio.gather(*(call(monitor, clock) for _ in range(20)))

    assert (await beat())["pings"] == await models.Ping.all().count() == 20


async def test_pages_of_calls_follow_each_other(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_heartbeat(ctx)
    for number in range(5):
        await call(monitor, clock, body=str(number).encode())

    first = await list_pings(ctx, monitor.id, PageArguments(limit=3))
    second = await list_pings(ctx, monitor.id, PageArguments(limit=3, cursor=first.next_cursor))

    assert [[ping.body for ping in page.items] for page in (first, second)] == [["4", "3", "2"], ["1", "0"]]


async def test_a_monitor_that_is_not_called_has_no_calls(ctx: Context) -> None:
    monitor = await new_monitor(ctx)

    page = await list_pings(ctx, monitor.id, PageArguments())

    assert (page.items, await page.count_all()) == ([], 0)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", None),
        (b"a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        (b"x" * (LARGEST_BODY_BYTES + 1), "x" * LARGEST_BODY_BYTES),
        ("ü".encode() * LARGEST_BODY_BYTES, "ü" * (LARGEST_BODY_BYTES // 2)),
    ],
    ids=["nothing", "NUL", "no Unicode", "too long", "cut in two"],
)
async def test_whatever_a_job_says_can_be_stored(ctx: Context, clock: FakeClock, body: bytes, kept: str | None) -> None:
    monitor = await new_heartbeat(ctx)

    await call(monitor, clock, PingKind.FAIL, body=body, user_agent="c\0" * 200)

    ping = await models.Ping.get()
    assert ping.body == kept
    assert ping.user_agent == "c\N{REPLACEMENT CHARACTER}" * 100


async def test_a_deleted_monitor_takes_no_calls_and_its_own_are_forgotten(ctx: Context, clock: FakeClock) -> None:
    monitor, other = await new_heartbeat(ctx), await new_heartbeat(ctx)
    await call(monitor, clock)
    await call(other, clock)

    await delete_monitor(ctx, monitor.id)

    assert await PingDesk().take(token_of(monitor), new_ping(clock, PingKind.SUCCESS)) is None
    while await forget_some():
        pass
    assert await models.Ping.all().count() == await models.Heartbeat.all().count() == 1
    assert (await models.Ping.get()).key // KEPT_PINGS == other.number


async def test_calls_of_many_monitors_are_read_at_once(
    ctx: Context, api: Api, clock: FakeClock, statements: Statements
) -> None:
    query = "{ monitors { edges { node { id pings(first: 2) { edges { node { body } } } } } } }"
    sent = []
    await api.graphql(query)  # the first use of the key is written down
    for _ in range(2):
        await call(await new_heartbeat(ctx), clock, body=b"done")
        with statements() as lines:
            answer = await api.graphql(query)
        sent.append(len(lines))

    [first, second] = [edge["node"]["pings"]["edges"] for edge in answer["data"]["monitors"]["edges"]]
    assert first == second == [{"node": {"body": "done"}}]
    assert sent[0] == sent[1]
