"""The URLs that jobs call, over HTTP."""

import socket
from io import BytesIO
from typing import Any

import pytest
from yarl import URL

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.pings import LARGEST_BODY_BYTES, PINGS_PER_MINUTE
from is0k.schema.http_errors import PayloadTooLarge
from is0k.tests.stage.api import Api
from is0k.tests.stage.jobs import new_heartbeat, token_of
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def token(ctx: Context) -> str:
    return token_of(await new_heartbeat(ctx))


async def ask(api: Api, method: str, path: str, **options: Any) -> tuple[int, str]:
    async with api.session.request(method, f"{api.url}{path}", **options) as response:
        return response.status, await response.text()


async def kept() -> list[tuple[Any, ...]]:
    """Oldest first."""
    return await models.Ping.all().order_by("seq").values_list("kind", "exit_code", "method", "body")


@pytest.mark.parametrize(
    ("path", "kind", "exit_code"),
    [
        ("", "success", None),
        ("/start", "start", None),
        ("/fail", "fail", None),
        ("/log", "log", None),
        ("/0", "success", 0),
        ("/1", "fail", 1),
        ("/255", "fail", 255),
    ],
)
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("HEAD", None), ("POST", None), ("POST", "done")])
async def test_every_form_is_taken_by_every_method(
    api: Api, token: str, path: str, kind: str, exit_code: int | None, method: str, body: str | None
) -> None:
    answer = await ask(api, method, f"/ping/{token}{path}", data=body)

    assert answer == (200, "" if method == "HEAD" else "OK")
    assert await kept() == [(kind, exit_code, method, body)]


@pytest.mark.parametrize("word", ["256", "999", "-1", "01234", "1.0", "stop", "Start", "²"])
async def test_a_word_nobody_understands_is_refused(api: Api, token: str, word: str) -> None:
    status, text = await ask(api, "GET", f"/ping/{token}/{word}")

    assert (status, text) == (400, "Behind the token may stand start, fail, log, or an exit code up to 255")
    assert await kept() == []


@pytest.mark.parametrize(
    "path", ["/ping/nobody", "/ping/nobody/fail", "/ping/%00", "/ping/'", "/ping/nobody/0", "/ping/" + "x" * 3000]
)
async def test_an_unknown_token_is_404(api: Api, token: str, path: str) -> None:
    assert await ask(api, "GET", path) == (404, "No monitor has this URL")
    assert await kept() == []


@pytest.mark.parametrize("path", ["/ping/", "/ping", "/api/push/", "/ping/nobody/start/now"])
async def test_without_a_token_there_is_nothing(api: Api, path: str) -> None:
    assert (await ask(api, "GET", path))[0] == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_not_calls(api: Api, token: str, method: str) -> None:
    assert (await ask(api, method, f"/ping/{token}"))[0] == 405
    assert await kept() == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data", "no/such; type"])
async def test_what_it_sends_may_be_of_any_kind(api: Api, token: str, content_type: str) -> None:
    answer = await ask(api, "POST", f"/ping/{token}", data=b"{", headers={"Content-Type": content_type})

    assert answer == (200, "OK")
    assert await kept() == [("success", None, "POST", "{")]


@pytest.mark.parametrize("length", [LARGEST_BODY_BYTES, LARGEST_BODY_BYTES + 1, 500_000])
async def test_a_long_body_is_cut(api: Api, token: str, length: int) -> None:
    assert await ask(api, "POST", f"/ping/{token}", data=b"x" * length) == (200, "OK")
    assert await kept() == [("success", None, "POST", "x" * LARGEST_BODY_BYTES)]


async def test_of_a_body_too_large_to_be_read_the_call_counts(api: Api, token: str) -> None:
    answer = await ask(api, "POST", f"/ping/{token}/3", data=BytesIO(b"x" * (PayloadTooLarge.largest_bytes + 1)))

    assert answer == (200, "OK")
    assert await kept() == [("fail", 3, "POST", None)]


async def test_of_a_body_that_breaks_off_the_call_counts(api: Api, token: str) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /ping/{token} HTTP/1.1\r\nHost: is0k\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode() + b"half")

    assert await until("the call is kept", kept, 5) == [("success", None, "POST", "half")]


async def test_who_called_is_kept(api: Api, token: str) -> None:
    await ask(api, "GET", f"/ping/{token}", headers={"User-Agent": "curl/8.5.0"})

    ping = await models.Ping.get()
    assert (ping.source, ping.user_agent) == ("127.0.0.1", "curl/8.5.0")


async def test_calls_need_no_key_and_count_against_no_limit_of_the_api(api: Api, token: str) -> None:
    before = await api.get("/monitors")
    for _ in range(5):
        async with api.session.get(f"{api.url}/ping/{token}", headers={"Authorization": "Bearer nonsense"}) as answer:
            assert answer.status == 200
            assert not [name for name in answer.headers if "ratelimit" in name.lower()]
    after = await api.get("/monitors")

    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in (before, after)]
    assert left[1] == left[0] - 1


async def test_a_page_of_any_origin_may_call(api: Api, token: str) -> None:
    url = f"{api.url}/ping/{token}/start"
    asked = {"Origin": "https://job.example", "Access-Control-Request-Method": "POST"}
    async with api.session.options(url, headers=asked) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, POST")
        assert answer.headers["Access-Control-Allow-Origin"] == answer.headers["Access-Control-Allow-Headers"] == "*"
    assert await kept() == []

    async with api.session.post(url, headers={"Origin": "https://job.example"}) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_too_many_calls_are_told_so_and_heard_all_the_same(api: Api, token: str) -> None:
    for _ in range(PINGS_PER_MINUTE):
        assert await ask(api, "GET", f"/ping/{token}") == (200, "OK")

    async with api.session.get(f"{api.url}/ping/{token}/7") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
        assert await answer.text() == "Heard, but no more than 60 calls a minute are kept"
    push = await ask(api, "GET", f"/api/push/{token}")

    assert push == (429, '{"ok":false,"msg":"Heard, but no more than 60 calls a minute are kept"}')
    assert len(await kept()) == PINGS_PER_MINUTE
    assert (await models.Heartbeat.get()).succeeded_at is not None


@pytest.mark.parametrize(
    ("query", "kind", "body", "run_ms"),
    [
        ("", "success", None, None),
        ("?status=up&msg=OK&ping=", "success", "OK", None),
        ("?status=up&msg=OK&ping=12.6", "success", "OK", 13),
        ("?status=down&msg=disk%20full", "fail", "disk full", None),
        ("?status=whatever", "fail", None, None),
        ("?ping=nan", "success", None, None),
        ("?ping=inf", "success", None, None),
        ("?ping=-1", "success", None, None),
        ("?ping=1e300", "success", None, None),
        ("?msg=a%00b%ff", "success", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}", None),
    ],
)
async def test_the_push_url_of_uptime_kuma_is_taken(
    api: Api, token: str, query: str, kind: str, body: str | None, run_ms: int | None
) -> None:
    async with api.session.get(URL(f"{api.url}/api/push/{token}{query}", encoded=True)) as answer:
        assert (answer.status, await answer.json()) == (200, {"ok": True})

    ping = await models.Ping.get()
    assert (ping.kind, ping.body, ping.run_ms) == (kind, body, run_ms)


async def test_an_unknown_push_url_is_404(api: Api) -> None:
    assert await ask(api, "GET", "/api/push/nobody") == (404, '{"ok":false,"msg":"No monitor has this URL"}')
