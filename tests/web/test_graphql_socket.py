"""graphql-transport-ws: who may open a connection, who may ask over it, and what is no message of the protocol."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from is0k.resolvers.api_keys import delete_api_key, list_api_keys
from is0k.resolvers.bus import Bus
from is0k.resolvers.context import Context
from is0k.schema.enums import Scope
from is0k.settings import Settings
from is0k.tests.jobs.scene import finding
from is0k.tests.stage.api import Api, key_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.live import CHANGES, CHECKS, INCIDENTS, Newsroom, connected, opened
from is0k.tests.stage.people import new_monitor
from is0k.web.graphql import GraphQLView
from is0k.web.graphql_socket import LARGEST_MESSAGE_BYTES, MOST_OPERATIONS

pytestmark = pytest.mark.anyio

INVALID = {"authorization": "Bearer is0k_live_wrong"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": "https://is0k.example/"})


async def test_it_speaks_graphql_transport_ws(api: Api) -> None:
    async with opened(api) as client:
        assert client.socket.protocol == "graphql-transport-ws"
        await client.say("connection_init", payload={"authorization": f"Bearer {api.key}"})
        assert await client.receive() == {"type": "connection_ack"}
        await client.say("ping")
        assert await client.receive() == {"type": "pong"}


@pytest.mark.parametrize("protocols", [["graphql-ws"], []])
async def test_another_protocol_is_closed(api: Api, protocols: list[str]) -> None:
    async with opened(api, protocols=protocols) as client:
        assert (await client.closed())[0] == 4406


async def test_the_key_may_be_in_the_header_or_as_browsers_do_it_in_the_first_message(api: Api) -> None:
    key = {"authorization": f"Bearer {api.key}"}
    for header, payload in ((key, {"irrelevant": 1}), ({}, key)):
        async with opened(api, headers=header) as client:
            await client.say("connection_init", payload=payload)
            assert await client.receive() == {"type": "connection_ack"}
            await client.subscribe("1", "{ monitors { edges { node { id } } } }")

            assert await client.next("1") == {"edges": []}
            assert (await client.hear("1"))["type"] == "complete"


async def test_a_wrong_key_in_the_header_is_closed(api: Api) -> None:
    async with opened(api, headers={"Authorization": INVALID["authorization"]}) as client:
        assert await client.closed() == (4401, "INVALID_API_KEY")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (None, "UNAUTHENTICATED"),
        ({}, "UNAUTHENTICATED"),
        ([], "UNAUTHENTICATED"),
        ({"authorization": 5}, "UNAUTHENTICATED"),
        (INVALID, "INVALID_API_KEY"),
        ({"authorization": "Basic x"}, "INVALID_API_KEY"),
    ],
)
async def test_who_shows_no_good_key_is_closed(api: Api, payload: Any, code: str) -> None:
    async with opened(api) as client:
        await client.say("connection_init", payload=payload)

        assert await client.closed() == (4401, code)


async def test_who_asks_before_showing_a_key_is_closed(api: Api) -> None:
    async with opened(api) as client:
        await client.subscribe("1", "{ __typename }")

        assert await client.closed() == (4401, "Unauthorized")


async def test_who_says_nothing_is_closed(api: Api, app: Starlette) -> None:
    [view] = [route.app for route in app.routes if isinstance(route, WebSocketRoute)]
    assert isinstance(view, GraphQLView)
    assert view.connection_init_wait_timeout == timedelta(seconds=5)
    view.connection_init_wait_timeout = timedelta(seconds=0.1)
    async with opened(api) as client:
        assert await client.closed() == (4408, "Connection initialisation timeout")


async def test_a_key_that_is_deleted_closes_the_connection_at_the_next_operation(api: Api, ctx: Context) -> None:
    async with connected(api) as client:
        [key] = await list_api_keys(ctx)
        await delete_api_key(ctx, key.id)
        await client.subscribe("1", "{ monitors { edges { node { id } } } }")

        assert await client.closed() == (4401, "INVALID_API_KEY")


async def test_a_key_that_may_only_read_changes_nothing_over_the_socket_either(api: Api, ctx: Context) -> None:
    shop = await new_monitor(ctx)
    reader = api.with_key(await key_of(ctx, Scope.READ))
    async with connected(reader) as client:
        await client.subscribe("1", f'mutation {{ pauseMonitor(id: "{shop.id}") {{ monitor {{ id }} }} }}')
        [error] = (await client.hear("1"))["payload"]["errors"]

    assert error["extensions"]["code"] == "INSUFFICIENT_SCOPE"
    assert (await api.get(f"/monitors/{shop.id}")).data["paused"] is False


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://is0k.example.evil.example"])
async def test_a_foreign_page_may_not_connect(api: Api, origin: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await api.session.ws_connect(f"{api.url}/graphql", protocols=["graphql-transport-ws"], origin=origin)

    assert refused.value.status == 403


@pytest.mark.parametrize("origin", ["https://is0k.example", "http://127.0.0.1:{port}", None])
async def test_our_own_pages_and_programs_may_connect(api: Api, origin: str | None) -> None:
    own = origin and origin.format(port=api.url.rpartition(":")[2])
    async with connected(api, origin=own) as client:
        await client.subscribe("1", "{ __typename }")

        assert await client.next("1") == "Query"


@pytest.mark.parametrize(
    "message",
    [
        *("{", "5", "[]", "[5]", "{}", '{"type": 5}', '{"type": "start"}', '{"type": "subscribe"}'),
        *('{"type": "subscribe", "id": 5, "payload": {"query": "{ __typename }"}}', '{"type": "complete", "id": []}'),
        '{"type": "subscribe", "id": "1", "payload": "{ __typename }"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": 5}}',
    ],
)
async def test_what_is_no_message_of_the_protocol_closes_the_connection(api: Api, message: str) -> None:
    async with connected(api) as client:
        await client.socket.send_str(message)

        assert (await client.closed())[0] == 4400


@pytest.mark.parametrize("query", ["{ nothing }", "fragment A on Query { __typename }", "subscription { nothing }"])
async def test_a_typo_is_the_error_of_its_operation_and_of_no_other(api: Api, query: str) -> None:
    async with connected(api) as client:
        await client.subscribe("1", query)
        assert (await client.hear("1"))["type"] == "error"
        await client.subscribe("1", "{ __typename }")

        assert await client.next("1") == "Query"


async def test_what_a_subscription_refuses_is_its_error_with_its_code(api: Api, stranger: Context, bus: Bus) -> None:
    theirs = await new_monitor(stranger)
    refusals = {
        "theirs": ([theirs.id], "MONITOR_NOT_FOUND", f"Monitor with ID {theirs.id} not found"),
        "malformed": (["x"], "MONITOR_NOT_FOUND", "Monitor with ID x not found"),
        "none": ([], "VALIDATION_FAILED", "Not valid: monitorIds"),
        "many": ([theirs.id] * 251, "VALIDATION_FAILED", "Not valid: monitorIds"),
    }
    async with connected(api) as client:
        for query in (CHECKS, CHANGES, INCIDENTS):
            for name, (ids, code, message) in refusals.items():
                await client.subscribe(name, query, ids=ids)
                answer = await client.hear(name)

                assert answer["type"] == "error"
                assert [(error["extensions"]["code"], error["message"]) for error in answer["payload"]] == [
                    (code, message)
                ]
    assert bus.listeners == []


async def test_a_fault_of_ours_in_a_subscription_is_masked(
    api: Api, bus: Bus, newsroom: Newsroom, ctx: Context, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("is0k.resolvers.events.read_monitors_by_id", fail)
    shop = await new_monitor(ctx)
    async with connected(api) as client:
        await client.subscribe("1", CHANGES)
        await newsroom.followed(ctx)
        await newsroom.record(finding(shop.number, clock.ms))
        answer = await client.hear("1")

        assert "hunter2" not in str(answer)
        assert answer["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
        assert (await client.hear("1"))["type"] == "complete"


async def test_a_binary_message_closes_the_connection(api: Api) -> None:
    async with connected(api) as client:
        await client.socket.send_bytes(b'{"type": "ping"}')

        assert (await client.closed())[0] == 4400


async def test_a_message_that_is_too_large_closes_the_connection(api: Api) -> None:
    async with connected(api) as client:
        await client.say("ping", payload={"padding": "x" * LARGEST_MESSAGE_BYTES})

        assert (await client.closed())[0] == 1009


async def test_an_operation_more_than_there_may_be_is_refused(api: Api, bus: Bus) -> None:
    async with connected(api) as client:
        for id in range(MOST_OPERATIONS + 1):
            await client.subscribe(str(id), CHECKS)
        refused = await client.hear(str(MOST_OPERATIONS))

    assert (refused["type"], refused["payload"][0]["message"]) == ("error", "Subscription limit reached")


async def test_operations_do_not_share_what_they_have_read(api: Api, ctx: Context) -> None:
    """One connection is many requests: the second must not be answered from what the first has loaded."""
    shop = await new_monitor(ctx)
    query = f'{{ monitor(id: "{shop.id}") {{ paused checks {{ edges {{ node {{ status }} }} }} }} }}'
    async with connected(api) as client:
        await client.subscribe("1", query)
        first = await client.next("1")
        await api.post(f"/monitors/{shop.id}/pause")
        await client.subscribe("2", query)

        assert (first["paused"], (await client.next("2"))["paused"]) == (False, True)
