"""What is left is told with every answer of an API, and who has nothing left is refused in the form of each door."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.organizations import set_plan
from is0k.schema.enums import Plan
from is0k.tests.stage.api import Api, key_of
from is0k.tests.stage.clock import FakeClock
from is0k.web.admission import is_api

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
# The clock of the tests stands at 2026-11-23 12:00:00Z; the window ends a minute later.
RESET = 1_795_435_260


def left(headers: Mapping[str, str]) -> tuple[str, ...]:
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit")
    return tuple(headers[name] for name in names)


def of(limit: int, remaining: int) -> tuple[str, ...]:
    policy, rest = f'"default";q={limit};w=60', f'"default";r={remaining};t=60'
    return str(limit), str(remaining), str(RESET), policy, rest


@pytest.mark.parametrize(
    ("status", "method", "path", "options"),
    [
        (200, "GET", "/api/v1/monitors", {}),
        (200, "HEAD", "/api/v1/monitors", {}),
        (201, "POST", "/api/v1/monitors", {"json": SHOP}),
        (400, "GET", "/api/v1/monitors?x=1", {}),
        (404, "GET", "/api/v1/monitors/mon_x", {}),
        (404, "GET", "/api/v1", {}),
        (404, "GET", "/api/v1/nothing", {}),
        (404, "GET", "/api/v1%0A", {}),
        (405, "OPTIONS", "/api/v1/monitors", {}),
        (413, "POST", "/api/v1/monitors", {"data": BytesIO(b" " * (1024 * 1024 + 1))}),
        (415, "POST", "/api/v1/monitors", {"data": b"x"}),
        (422, "POST", "/api/v1/monitors", {"json": {}}),
        (200, "POST", "/graphql", {"json": {"query": "{ __typename }"}}),
        (400, "POST", "/graphql", {"data": b"{"}),
        (413, "POST", "/graphql", {"data": BytesIO(b" " * (1024 * 1024 + 1))}),
        (404, "GET", "/graphql/nothing", {}),
    ],
)
async def test_every_answer_tells_what_is_left(api: Api, status: int, method: str, path: str, options: Any) -> None:
    headers = {"Content-Type": "text/plain"} if status == 415 else {"Content-Type": "application/json"}

    answer = await api.send(method, path, headers=headers, **options)

    assert (answer.status, left(answer.headers)) == (status, of(1000, 999))


@pytest.mark.parametrize("path", ["/api/v1/monitors", "/graphql"])
async def test_a_fault_of_ours_tells_it_too(api: Api, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    async def fail(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr("is0k.resolvers.admission.authenticate", fail)
    answer = await api.send("POST", path, json={"query": "{ __typename }"})

    assert (answer.status, left(answer.headers)) == (500, of(60, 59))


async def test_without_a_key_and_with_a_wrong_one_the_address_is_charged(api: Api) -> None:
    nobody, guess = api.with_key(None), api.with_key("guess")

    answers = [await caller.get("/monitors") for caller in (nobody, nobody, guess, guess)]

    assert [answer.status for answer in answers] == [401] * 4
    assert [left(answer.headers) for answer in answers] == [of(60, 59), of(60, 58), of(20, 19), of(20, 18)]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/nothing", "/api/v2", "/api/v1x", "/graphqlx"])
async def test_what_is_no_api_is_not_limited(api: Api, path: str) -> None:
    assert not is_api(path)

    for _ in range(65):
        answer = await api.with_key(None).send("GET", path)

        assert answer.status != 429
        assert "X-RateLimit-Limit" not in answer.headers


@pytest.fixture
async def spent(api: Api, ctx: Context) -> Api:
    """With a key that has nothing left."""
    await set_plan(ctx, Plan.PRO, 1)
    spent = api.with_key(await key_of(ctx))
    assert (await spent.get("/monitors")).status == 200
    return spent


async def test_rest_refuses_in_its_envelope(spent: Api, clock: FakeClock) -> None:
    clock.move(36.5)

    answer = await spent.get("/monitors")

    assert (answer.status, answer.headers["Retry-After"]) == (429, "24")
    assert answer.error == {
        "code": "RATE_LIMITED",
        "message": "More than 1 requests a minute; try again in 24 s",
        "requestId": answer.headers["X-Request-Id"],
    }
    assert answer.headers["RateLimit"] == '"default";r=0;t=24'


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("DELETE", "/monitors"), ("HEAD", "/monitors")])
async def test_before_anything_is_said_of_routes(spent: Api, method: str, path: str) -> None:
    assert (await spent.call(method, path)).status == 429


async def test_and_before_anything_is_done(spent: Api) -> None:
    assert (await spent.post("/monitors", SHOP)).code == "RATE_LIMITED"
    assert not await models.Monitor.exists()


async def test_graphql_refuses_among_its_errors(spent: Api) -> None:
    answer = await spent.send("POST", "/graphql", json={"query": "{ __typename }"})

    extensions = {"code": "RATE_LIMITED", "requestId": answer.headers["X-Request-Id"]}
    message = "More than 1 requests a minute; try again in 60 s"
    assert answer.body == {"errors": [{"message": message, "extensions": extensions}]}
    assert (answer.status, answer.headers["Retry-After"], left(answer.headers)) == (429, "60", of(1, 0))


async def test_a_minute_later_all_is_there_again(spent: Api, clock: FakeClock) -> None:
    assert (await spent.get("/monitors")).status == 429

    clock.move(60)

    assert (await spent.get("/monitors")).status == 200


async def open_socket(api: Api, path: str = "/graphql") -> Any:
    headers = {"Authorization": f"Bearer {api.key}"}
    return await api.session.ws_connect(api.url + path, protocols=["graphql-transport-ws"], headers=headers)


async def test_a_websocket_is_refused_at_its_handshake(spent: Api) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await open_socket(spent)

    assert refused.value.status == 429
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "60"
    assert left(refused.value.headers) == of(1, 0)


async def test_a_message_over_a_websocket_is_a_request(api: Api, ctx: Context) -> None:
    await set_plan(ctx, Plan.PRO, 4)
    query = {"type": "subscribe", "payload": {"query": "{ __typename }"}}
    socket = await open_socket(api)
    assert left(socket._response.headers) == of(4, 3)
    await socket.send_json({"type": "connection_init"})
    await socket.receive_json()

    told: list[Any] = []
    for number in range(3):
        await socket.send_json({**query, "id": str(number)})
        told += [await socket.receive() for _ in range(2 if number < 2 else 1)]

    assert [message.json()["type"] for message in told[:4]] == ["next", "complete"] * 2
    assert (told[4].type, told[4].data, told[4].extra) == (WSMsgType.CLOSE, 1013, "RATE_LIMITED")


async def test_the_client_behind_a_trusted_proxy_only_is_charged(api: Api) -> None:
    """None is trusted by default: an address that is written down is nobody's."""
    caller = api.with_key(None)

    for number in range(3):
        answer = await caller.get("/monitors", headers={"X-Forwarded-For": f"192.0.2.{number}"})

    assert left(answer.headers) == of(60, 57)
