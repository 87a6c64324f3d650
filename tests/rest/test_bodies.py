"""Bodies: JSON objects of a size, read into the input with all faults at once."""

import json
from io import BytesIO
from typing import Any

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.resolvers.context import Context
from is0k.rest import rest_app
from is0k.tests.stage.api import Answer, Api, key_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.door import behind_the_door

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
MEBIBYTE = 1024 * 1024


async def post(api: Api, body: bytes | BytesIO, content_type: str = "application/json") -> Answer:
    return await api.send("POST", "/api/v1/monitors", data=body, headers={"Content-Type": content_type})


async def nothing_was_made() -> bool:
    return not await models.Monitor.exists()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"{'name': 'Shop'}", b'{"name": "Shop",}', b'{"name": NaN}', b"x" * 100),
        *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"name": "\xff"}', b'{"name": "\\ud800"}', b"[" * 100_000),
    ],
)
async def test_what_is_not_json_is_400(api: Api, body: bytes) -> None:
    answer = await post(api, body)

    assert (answer.status, answer.code) == (400, "INVALID_JSON")
    assert answer.error["message"].startswith("The body is not JSON: ")
    assert await nothing_was_made()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"name": "a", "url": "b", "name": "c"}', '"name" stands twice in one object'),
        (b'{"headers": {"A": "1", "A": "1"}}', '"A" stands twice in one object'),
        (b'{"name": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", "it is nested too deeply"),
    ],
)
async def test_json_that_two_parsers_read_in_two_ways_is_400(api: Api, body: bytes, why: str) -> None:
    answer = await post(api, body)

    assert (answer.status, answer.code) == (400, "INVALID_JSON")
    assert answer.error["message"] == f"The body is not JSON that is0k reads: {why}"
    assert await nothing_was_made()


@pytest.mark.parametrize(
    ("field", "number"),
    [("retries", b"1e400"), ("retries", b"-0.5"), ("retries", b"99999999999999999999999"), ("retries", b"2147483648")],
)
async def test_a_number_beyond_all_measure_is_refused(api: Api, field: str, number: bytes) -> None:
    answer = await post(api, json.dumps(SHOP).encode().replace(b"}", b', "%s": %s}' % (field.encode(), number)))

    assert answer.code == "INVALID_JSON" if number == b"1e400" else answer.faults == {field: "INVALID_TYPE"}
    assert await nothing_was_made()


@pytest.mark.parametrize("body", [None, b"", b"{}", b" { } "])
async def test_a_route_that_takes_nothing_takes_an_empty_body(api: Api, body: bytes | None) -> None:
    path = f"/api/v1/monitors/{(await api.post('/monitors', SHOP)).data['id']}/pause"
    headers = {"Content-Type": "application/json"} if body else {}

    assert (await api.send("POST", path, data=body, headers=headers)).status == 200


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b'{"until": "tomorrow"}', "application/json", "VALIDATION_FAILED"),
        (b"null", "application/json", "INVALID_JSON"),
        (b"{", "application/json", "INVALID_JSON"),
        (b"{}", "text/plain", "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
@pytest.mark.parametrize(("method", "action"), [("POST", "/pause"), ("DELETE", "")])
async def test_a_route_that_takes_nothing_does_nothing_with_something(
    api: Api, method: str, action: str, body: bytes, content_type: str, code: str
) -> None:
    path = f"/api/v1/monitors/{(await api.post('/monitors', SHOP)).data['id']}"

    answer = await api.send(method, path + action, data=body, headers={"Content-Type": content_type})

    assert answer.code == code
    assert (await models.Monitor.get()).paused is False


@pytest.mark.parametrize("body", [b"[]", b'[{"name": "Shop"}]', b'"Shop"', b"1", b"null", b"true"])
async def test_json_that_is_no_object_is_400(api: Api, body: bytes) -> None:
    answer = await post(api, body)

    assert (answer.status, answer.code) == (400, "INVALID_JSON")
    assert answer.error["message"] == "The body must be a JSON object"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"],
)
async def test_another_kind_of_body_is_415(api: Api, content_type: str) -> None:
    answer = await post(api, json.dumps(SHOP).encode(), content_type)

    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert answer.error["message"] == f"Send application/json, not {content_type.partition(';')[0]}"
    assert await nothing_was_made()


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
async def test_json_may_be_called_so_in_any_way(api: Api, content_type: str) -> None:
    assert (await post(api, json.dumps(SHOP).encode(), content_type)).status == 201


async def test_a_body_of_a_mebibyte_is_read(api: Api) -> None:
    body = json.dumps({**SHOP, "padding": "x" * (MEBIBYTE - 200)}).encode()

    answer = await post(api, BytesIO(body + b" " * (MEBIBYTE - len(body))))

    assert (answer.status, answer.faults) == (422, {"padding": "UNKNOWN_FIELD"})


async def test_a_larger_body_is_413(api: Api) -> None:
    answer = await post(api, BytesIO(json.dumps(SHOP).encode() + b" " * MEBIBYTE))

    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert answer.error["message"] == "The body is larger than 1 MiB"
    assert await nothing_was_made()


async def test_a_body_that_does_not_say_how_large_it_is_ends_at_a_mebibyte_too(api: Api) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    answer = await api.send("POST", "/api/v1/monitors", data=endless(), headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_caller_who_hangs_up_half_way_is_no_fault_of_ours(ctx: Context, clock: FakeClock) -> None:
    said: list[Any] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/monitors",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {await key_of(ctx)}".encode())],
    }

    async def receive() -> Any:
        return said.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    with capture_logs() as log:
        await behind_the_door(rest_app(clock), clock)(scope, receive, send)

    assert (sent[0]["status"], log) == (400, [])
    assert await nothing_was_made()


async def test_all_faults_of_a_body_are_told_at_once(api: Api) -> None:
    answer = await api.post(
        "/monitors",
        {
            "name": " ",
            "type": "http",
            "url": "ftp://shop.example",
            "method": "get",
            "expectedStatus": [200, 999],
            "headers": {"Host": "x", "X-A": "a\nb"},
            "intervalSeconds": 4,
            "retries": "2",
            "tags": ["ok", "Not OK"],
            "colour": "red",
        },
    )

    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert answer.faults == {
        "name": "BAD_LENGTH",
        "url": "BAD_URL",
        "method": "INVALID_VALUE",
        "expectedStatus": "INVALID_VALUE",
        "headers.Host": "BAD_HEADER_NAME",
        "headers.X-A": "BAD_HEADER_VALUE",
        "intervalSeconds": "OUT_OF_RANGE",
        "retries": "INVALID_TYPE",
        "tags.1": "BAD_SLUG",
        "colour": "UNKNOWN_FIELD",
    }
    assert all(list(fault) == ["field", "code", "message"] for fault in answer.error["details"])
    assert list(answer.error) == ["code", "message", "details", "requestId"]
    assert await nothing_was_made()


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"type": "REQUIRED", "name": "REQUIRED"}),
        ({**SHOP, "type": "gopher"}, {"type": "INVALID_VALUE"}),
        ({**SHOP, "settings": {"http": {"url": "https://a.example"}}}, {"settings": "UNKNOWN_FIELD"}),
        ({**SHOP, "timeoutSeconds": 6, "intervalSeconds": 5}, {"timeoutSeconds": "OUT_OF_RANGE"}),
        ({**SHOP, "method": "HEAD", "body": "x"}, {"body": "NOT_ALLOWED"}),
        ({**SHOP, "id": "mon_1"}, {"id": "UNKNOWN_FIELD"}),
        ({**SHOP, "interval_seconds": 60}, {"interval_seconds": "UNKNOWN_FIELD"}),
    ],
)
async def test_a_body_with_a_fault_makes_nothing(api: Api, body: Any, faults: dict[str, str]) -> None:
    answer = await api.post("/monitors", body)

    assert (answer.status, answer.faults) == (422, faults)
    assert await nothing_was_made()


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"name": None}, {"name": "REQUIRED"}),
        ({"url": None}, {"url": "REQUIRED"}),
        ({"type": "dns"}, {"type": "IMMUTABLE"}),
        ({"nmae": "Blog"}, {"nmae": "UNKNOWN_FIELD"}),
        ({"timeoutSeconds": 29, "intervalSeconds": 20}, {"timeoutSeconds": "OUT_OF_RANGE"}),
        ({"method": "HEAD", "keyword": "ok"}, {"keyword": "NOT_ALLOWED"}),
    ],
)
async def test_an_edit_with_a_fault_changes_nothing(api: Api, body: Any, faults: dict[str, str]) -> None:
    before = (await api.post("/monitors", SHOP)).data

    answer = await api.put(f"/monitors/{before['id']}", body)

    assert (answer.status, answer.faults) == (422, faults)
    assert (await api.get(f"/monitors/{before['id']}")).data == before
