"""Routes and methods there are not, request ids, faults of ours: nothing but the envelope, whatever is sent."""

import re
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from is0k import schema
from is0k.resolvers.context import Context
from is0k.resolvers.operation import operation
from is0k.rest.routes import RestApp
from is0k.rest.row import Row
from is0k.schema.enums import Scope
from is0k.tests.stage.api import Api, serving
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.door import behind_the_door

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
MADE_UP = re.compile(r"[0-9a-f]{16}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/monitor"),
        ("GET", "/monitors/"),
        ("POST", "/monitors/mon_1/restart"),
        ("GET", "/api/v1/monitors"),
        ("GET", "/monitors/mon_1/checks/1"),
        ("GET", "/a\nb"),
    ],
)
async def test_a_route_there_is_not_is_404_with_or_without_a_key(api: Api, method: str, path: str) -> None:
    for caller in (api, api.with_key(None)):
        answer = await caller.call(method, path.replace("\n", "%0A"))

        assert (answer.status, answer.code) == (404, "ROUTE_NOT_FOUND")
        assert answer.error["message"] == f"There is no {method} /api/v1{path}"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/monitors", "GET, HEAD, POST"),
        ("POST", "/monitors/mon_1", "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", "/monitors/mon_1/pause", "POST"),
        ("HEAD", "/monitors/mon_1/pause", "POST"),
        ("OPTIONS", "/monitors", "GET, HEAD, POST"),
        ("PROPFIND", "/monitors/mon_1/checks", "GET, HEAD"),
    ],
)
async def test_another_method_is_405_and_told_which_there_are(api: Api, method: str, path: str, allowed: str) -> None:
    answer = await api.call(method, path)

    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    if method != "HEAD":
        assert answer.code == "METHOD_NOT_ALLOWED"
        assert answer.error["message"] == f"/api/v1{path} does not answer {method}; it answers {allowed}"


async def test_head_answers_what_get_does_without_the_body(api: Api) -> None:
    id = (await api.post("/monitors", SHOP)).data["id"]

    for path in ("/monitors", f"/monitors/{id}", f"/monitors/{id}/stats", "/monitors/mon_x"):
        head, get = await api.call("HEAD", path), await api.get(path)

        assert (head.status, head.body) == (get.status, b"")
        if get.status == 200:
            assert head.headers["Content-Length"] == get.headers["Content-Length"]


async def test_a_websocket_is_a_route_there_is_not(api: Api) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await api.session.ws_connect(f"{api.url}/api/v1/monitors")

    assert refused.value.status == 404
    assert refused.value.headers is not None
    assert refused.value.headers["Content-Type"] == "application/json"
    assert MADE_UP.fullmatch(refused.value.headers["X-Request-Id"])


@pytest.mark.parametrize("given", ["a", "Trace-1.2_3", "x" * 64])
async def test_a_sane_request_id_is_kept(api: Api, given: str) -> None:
    answer = await api.get("/nothing", headers={"X-Request-Id": given})

    assert (answer.headers["X-Request-Id"], answer.error["requestId"]) == (given, given)


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "é", "<script>", "a,b"])
async def test_any_other_is_replaced(api: Api, given: str) -> None:
    answer = await api.get("/nothing", headers={"X-Request-Id": given})

    assert MADE_UP.fullmatch(answer.headers["X-Request-Id"])
    assert answer.error["requestId"] == answer.headers["X-Request-Id"]


async def test_every_answer_has_a_request_id_of_its_own(api: Api) -> None:
    answers = [await api.get("/monitors"), await api.post("/monitors", SHOP), await api.delete("/monitors")]
    answers += [await api.send("GET", path) for path in ("/healthz", "/graphql", "/nowhere")]

    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert all(MADE_UP.fullmatch(id) for id in ids)
    assert len(set(ids)) == len(ids)


@operation(Scope.READ)
async def break_down(ctx: Context) -> schema.Deleted:
    raise RuntimeError("password=hunter2 at /srv/is0k")


@operation(Scope.READ)
async def answer_nonsense(ctx: Context) -> schema.Deleted:
    return object()  # type: ignore[return-value]


@pytest.mark.parametrize("verb", [break_down, answer_nonsense], ids=["in the verb", "in what it answers"])
async def test_a_fault_of_ours_is_500_without_a_word_of_the_inside_and_its_request_id_is_in_the_log(
    ctx: Context, clock: FakeClock, verb: Any
) -> None:
    app = behind_the_door(RestApp([Row("GET", "/broken", verb)], clock), clock)
    with capture_logs([merge_contextvars]) as log:
        async with serving(app, ctx) as api:
            answer = await api.get("/broken")

    assert answer.status == 500
    request_id = answer.headers["X-Request-Id"]
    assert answer.body == {
        "data": None,
        "error": {
            "code": "INTERNAL_ERROR",
            "message": "Something went wrong on our side; the log has it under this request id",
            "requestId": request_id,
        },
    }
    [entry] = [entry for entry in log if entry["event"] == "request failed"]
    assert (entry["request_id"], entry["method"], entry["path"], entry["exc_info"]) == (
        request_id,
        "GET",
        "/broken",
        True,
    )
