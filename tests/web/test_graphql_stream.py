"""Server-Sent Events on `/graphql/stream`."""

import pytest
from strawberry.http.streaming import SSETransport

from is0k.resolvers.api_keys import delete_api_key, list_api_keys
from is0k.resolvers.bus import Bus
from is0k.resolvers.context import Context
from is0k.tests.jobs.scene import ILL, finding
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.live import CHECKS, INCIDENTS, Newsroom, streaming
from is0k.tests.stage.people import new_monitor
from is0k.web.graphql_stream import GraphQLStreamView

pytestmark = pytest.mark.anyio


async def test_events_are_streamed_until_the_client_goes(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    async with streaming(api, CHECKS, ids=[shop.id]) as stream:
        await newsroom.followed(ctx)
        for second in range(2):
            await newsroom.record(finding(shop.number, clock.ms + second))

        check = {"monitorId": shop.id, "status": "UP", "latencyMs": 12.5}
        assert [await stream.event() for _ in range(2)] == 2 * [("next", {"data": {"checkRecorded": check}})]
        assert stream.response.headers["Content-Type"].startswith("text/event-stream")
        assert stream.response.headers["X-Accel-Buffering"] == "no"
        assert stream.response.headers["Cache-Control"] == "no-cache, no-transform"
        assert stream.response.headers["X-Request-Id"]
        stream.response.close()
        await newsroom.left(ctx)
    assert bus.listeners == []


async def test_silence_is_filled_with_comments(
    api: Api, bus: Bus, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert GraphQLStreamView.transport.heartbeat_interval == 15
    monkeypatch.setattr(GraphQLStreamView, "transport", SSETransport(heartbeat_interval=0.05))
    async with streaming(api, CHECKS) as stream:
        assert [await stream.block() for _ in range(2)] == [": ping", ": ping"]


async def test_a_query_is_one_event(api: Api, ctx: Context) -> None:
    shop = await new_monitor(ctx)
    async with streaming(api, "{ monitors { edges { node { id } } } }") as stream:
        assert await stream.event() == ("next", {"data": {"monitors": {"edges": [{"node": {"id": shop.id}}]}}})
        assert await stream.event() == ("complete", None)


async def test_what_is_refused_is_told_with_its_code(api: Api, stranger: Context) -> None:
    theirs = await new_monitor(stranger)
    async with streaming(api, INCIDENTS, ids=[theirs.id]) as stream:
        name, answer = await stream.event()

        assert name == "next"
        assert [(error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
            (f"Monitor with ID {theirs.id} not found", "MONITOR_NOT_FOUND")
        ]
        assert await stream.event() == ("complete", None)


async def test_a_wrong_key_is_told_as_json(api: Api) -> None:
    async with streaming(api.with_key("is0k_live_wrong"), CHECKS) as stream:
        body = await stream.response.json()

    assert (stream.response.status, body["errors"][0]["extensions"]["code"]) == (401, "INVALID_API_KEY")


async def test_a_get_is_refused(api: Api) -> None:
    answer = await api.send("GET", "/graphql/stream?query={__typename}")

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_plain_graphql_stays_plain_for_clients_that_would_take_events_too(api: Api) -> None:
    accept = {"Accept": "application/graphql-response+json, application/json, text/event-stream"}
    answer = await api.send("POST", "/graphql", json={"query": "{ __typename }"}, headers=accept)

    assert answer.body == {"data": {"__typename": "Query"}}


async def test_a_deleted_key_hears_nothing_more(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    async with streaming(api, CHECKS) as stream:
        await newsroom.followed(ctx)
        [key] = await list_api_keys(ctx)
        await delete_api_key(ctx, key.id)
        name, answer = await stream.event()

        assert (name, answer["errors"][0]["extensions"]["code"]) == ("next", "INVALID_API_KEY")
        assert await stream.event() == ("complete", None)
    await newsroom.left(ctx)
    await newsroom.record(finding(shop.number, clock.ms, ILL))
    assert bus.listeners == []


async def test_the_end_of_the_server_ends_the_stream(api: Api, ctx: Context, bus: Bus, newsroom: Newsroom) -> None:
    async with streaming(api, CHECKS) as stream:
        await newsroom.followed(ctx)
        bus.end_all()
        name, answer = await stream.event()

        assert (name, answer["errors"][0]["extensions"]["code"]) == ("next", "SERVICE_UNAVAILABLE")
        assert await stream.event() == ("complete", None)
    async with streaming(api, CHECKS) as stream:
        assert (await stream.event())[1]["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
