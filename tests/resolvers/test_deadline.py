"""An operation that takes too long is stopped, and what it has begun is undone."""

import asyncio
from typing import Any

import pytest

from is0k import models
from is0k.resolvers import deadline as limits
from is0k.resolvers import monitors
from is0k.resolvers.context import Context
from is0k.resolvers.deadline import allow, deadline
from is0k.resolvers.root import graphql_schema
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

RENAME = (
    """mutation ($id: ID!) { updateMonitor(id: $id, input: {name: "Blog"}) { monitor { name } userErrors { code } } }"""
)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPERATION_SECONDS", 0.05)


class Hang:
    """Never answers; knows whether it was told to stop."""

    stopped = False

    async def __call__(self, *_: Any) -> Any:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped = True
            raise


async def test_a_query_that_takes_too_long_is_stopped(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitors, "read_monitors", hang := Hang())

    answer = await graphql_schema.execute("{ monitors { totalCount } }", context_value=ctx)

    assert answer.data is None
    assert [error.extensions for error in answer.errors or ()] == [{"code": "TIMEOUT"}]
    assert hang.stopped


async def test_a_change_that_takes_too_long_is_undone(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = await new_monitor(ctx)
    monkeypatch.setattr(monitors, "reschedule", hang := Hang())  # in the transaction, when the row is saved

    answer = await graphql_schema.execute(RENAME, {"id": monitor.id}, ctx)

    assert [error.extensions for error in answer.errors or ()] == [{"code": "TIMEOUT"}]
    assert hang.stopped
    assert await models.Monitor.filter(name="Blog").exists() is False


async def test_after_a_change_was_stopped_the_next_one_is_made(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = await new_monitor(ctx)
    with monkeypatch.context() as stopped:
        stopped.setattr(monitors, "reschedule", Hang())
        await graphql_schema.execute(RENAME, {"id": monitor.id}, ctx)

    answer = await graphql_schema.execute(RENAME, {"id": monitor.id}, ctx)

    assert answer.errors is None
    assert await models.Monitor.filter(name="Blog").exists() is True


async def test_a_check_made_now_may_take_as_long_as_the_monitor_allows(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = await new_monitor(ctx, timeoutSeconds=0.5)
    monkeypatch.setattr(monitors, "PICK_UP_SECONDS", 0)
    query = "mutation ($id: ID!) { checkMonitor(id: $id) { check { status } } }"

    answer = await graphql_schema.execute(query, {"id": monitor.id}, ctx)

    # Nobody works here: it has waited for its own time, and says why in its own words.
    assert [error.extensions for error in answer.errors or ()] == [{"code": "SERVICE_UNAVAILABLE"}]


async def test_what_waits_by_its_nature_may_take_longer() -> None:
    async with deadline():
        allow(5)
        await asyncio.sleep(0.1)


async def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LONGEST_SECONDS", 0.1)

    async def ask_again_and_again() -> None:
        async with deadline():
            while True:
                allow(5)
                await asyncio.sleep(0.01)

    with pytest.raises(TimeoutError):
        await ask_again_and_again()


async def test_a_little_patience_does_not_shorten_what_is_allowed_already() -> None:
    async with deadline():
        allow(5)
        allow(0.01)
        await asyncio.sleep(0.1)


async def test_where_there_is_no_deadline_nothing_is_changed() -> None:
    allow(0.01)
    await asyncio.sleep(0.05)
