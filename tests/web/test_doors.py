"""Trusted hosts, trusted proxies and origins: what the operator allows, as the product reads it from the settings."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from is0k.app import create_app
from is0k.resolvers.context import Context
from is0k.settings import Settings
from is0k.tests.stage.api import Api, serving
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

Serve = Callable[..., AbstractAsyncContextManager[Api]]
TOLD = "This server does not answer to that host name; the operator can allow it: IS0K_TRUSTED_HOSTS"
PAGE = "https://app.example"


@pytest.fixture
def serve(ctx: Context, settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Serve:
    @asynccontextmanager
    async def serve(**values: str) -> AsyncIterator[Api]:
        for name, value in values.items():
            monkeypatch.setenv(f"IS0K_{name.upper()}", value)
        read = Settings(**settings.model_dump(include={"data_dir", "database_url", "redis_url"}))
        async with serving(create_app(read, clock), ctx) as api:
            yield api

    return serve


@pytest.mark.parametrize("host", ["is0k.example", "IS0K.example:8000", "a.b.is0k.test", "[::1]:8000", "[::1]"])
async def test_a_trusted_host_is_answered(serve: Serve, host: str) -> None:
    async with serve(trusted_hosts="Is0k.example, *.is0k.test,[::1]") as api:
        assert (await api.get("/monitors", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "is0k.example.evil.example", "xis0k.test", "is0k.test", "127.0.0.1", "[::2]", "::1"]
)
async def test_another_is_refused_in_the_form_of_each_door(serve: Serve, host: str) -> None:
    async with serve(trusted_hosts="is0k.example,*.is0k.test,[::1]") as api:
        api.headers["Host"] = host
        rest, graphql = await api.get("/monitors"), await api.send("POST", "/graphql", json={"query": "{ x }"})
        page = await api.send("GET", "/status/shop")

    assert (rest.status, rest.code, rest.error["message"]) == (421, "MISDIRECTED_REQUEST", TOLD)
    assert (graphql.status, graphql.body["errors"][0]["extensions"]["code"]) == (421, "MISDIRECTED_REQUEST")
    assert (page.status, page.body.decode()) == (421, TOLD)
    assert [answer.headers.get("X-RateLimit-Limit") for answer in (rest, graphql, page)] == ["60", "60", None]


async def test_a_websocket_of_another_host_is_refused_at_its_handshake(serve: Serve) -> None:
    async with serve(trusted_hosts="is0k.example") as api:
        for path in ("/graphql", "/api/v1/monitors", "/nothing"):
            with pytest.raises(WSServerHandshakeError) as refused:
                await api.session.ws_connect(api.url + path, protocols=["graphql-transport-ws"])

            assert refused.value.status == 421


async def test_health_is_told_whatever_the_host(serve: Serve) -> None:
    async with serve(trusted_hosts="is0k.example") as api:
        assert [(await api.send("GET", path)).status for path in ("/healthz", "/readyz")] == [200, 503]


async def test_every_host_is_trusted_unless_some_are_named(api: Api) -> None:
    assert (await api.get("/monitors", headers={"Host": "anything.example"})).status == 200


async def test_behind_a_trusted_proxy_each_client_has_an_allowance_of_its_own(serve: Serve) -> None:
    async with serve(trusted_proxies="127.0.0.1,10.0.0.0/8") as api:
        caller = api.with_key(None)
        chains = ["192.0.2.1", "192.0.2.1, 10.1.2.3", "192.0.2.2", "2001:db8::1", "2001:db8::2", "nonsense"]
        answers = [await caller.get("/monitors", headers={"X-Forwarded-For": chain}) for chain in chains]

    assert [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers] == [59, 58, 59, 59, 58, 59]


def preflight(method: str = "DELETE", headers: str = "authorization,content-type,if-match") -> Any:
    return {
        "Origin": PAGE,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


@pytest.mark.parametrize("path", ["/api/v1/monitors", "/graphql"])
async def test_a_page_of_a_named_origin_may_call_and_read_the_headers(serve: Serve, path: str) -> None:
    async with serve(cors_origins=f"https://other.example, {PAGE}/") as api:
        asked = await api.with_key(None).send("OPTIONS", path, headers=preflight())
        answer = await api.send("POST", path, json={}, headers={"Origin": PAGE})

    assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    assert "DELETE" in asked.headers["Access-Control-Allow-Methods"]
    assert "X-RateLimit-Limit" not in asked.headers  # a preflight is free
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["X-RateLimit-Remaining"] == "999"
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-RateLimit-Reset", "RateLimit", "Link", "X-Next-Cursor", "ETag", "Location", "Retry-After"} <= set(
        exposed
    )


async def test_any_origin_may_where_the_operator_says_so(serve: Serve) -> None:
    async with serve(cors_origins="*") as api:
        answer = await api.get("/monitors", headers={"Origin": PAGE})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_page_can_read_that_it_is_refused(serve: Serve) -> None:
    async with serve(cors_origins=PAGE) as api:
        answer = await api.with_key("wrong").get("/monitors", headers={"Origin": PAGE})

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, PAGE)


async def test_another_origin_may_not(serve: Serve) -> None:
    async with serve(cors_origins="https://other.example") as api:
        asked = await api.with_key(None).send("OPTIONS", "/api/v1/monitors", headers=preflight())
        answer = await api.get("/monitors", headers={"Origin": PAGE})

    assert asked.status == 400
    assert [one.headers.get("Access-Control-Allow-Origin") for one in (asked, answer)] == [None, None]


async def test_no_page_may_unless_the_operator_says_so(api: Api) -> None:
    answer = await api.send("OPTIONS", "/api/v1/monitors", headers=preflight())

    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_what_is_no_api_is_not_for_pages_of_others(serve: Serve) -> None:
    async with serve(cors_origins="*") as api:
        answer = await api.send("GET", "/healthz", headers={"Origin": PAGE})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trusted_hosts", "a/b"),
        ("trusted_hosts", "is0k.example:8000"),
        ("trusted_hosts", "*"),
        ("cors_origins", "x"),
        ("cors_origins", "https://a.example/path"),
        ("trusted_proxies", "proxy.example"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"IS0K_{name.upper()}", value)

    with pytest.raises(ValueError, match=name):
        Settings()
