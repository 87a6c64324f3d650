"""The protocol around GraphQL: methods, bodies, sizes, WebSockets."""

from io import BytesIO
from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from is0k.tests.stage.api import Answer, Api

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


QUERY_WITH = b'{"query": "{ __typename }", "%b": %b}'
FOREIGN = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=utf-16"]


def code(answer: Answer) -> object:
    [error] = answer.body["errors"]
    return error["extensions"]["code"]


async def post(api: Api, body: bytes, **headers: str) -> Answer:
    return await api.send("POST", "/graphql", data=BytesIO(body), headers={**JSON, **headers})


async def test_a_query_by_get_is_refused(api: Api) -> None:
    answer = await api.send("GET", "/graphql?query={__typename}")

    assert (answer.status, answer.headers["Allow"], code(answer)) == (405, "POST", "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_another_method_is_405(api: Api, method: str) -> None:
    answer = await api.send(method, "/graphql", data=b"{}", headers=JSON)

    assert (answer.status, answer.headers["Allow"], code(answer)) == (405, "POST", "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        *((body, "INVALID_JSON") for body in (b"", b"{", b"null", b"5", b'"x"', b"true", b"\xff")),
        *((body, "BAD_REQUEST") for body in (b"[]", b'[{"query": "{ __typename }"}]', b"{}")),
        *((b'{"query": %b}' % query, "BAD_REQUEST") for query in (b"5", b"null", b'""', b'["{ __typename }"]')),
        *((QUERY_WITH % (b"variables", value), "BAD_REQUEST") for value in (b"[]", b"5", b'"x"', b"false")),
        *((QUERY_WITH % (b"operationName", value), "BAD_REQUEST") for value in (b"[]", b"5", b"{}", b"false")),
        *((QUERY_WITH % (b"extensions", value), "BAD_REQUEST") for value in (b"[]", b"5", b'"x"', b"false")),
    ],
)
async def test_what_is_no_request_of_graphql_is_400(api: Api, body: bytes, expected: str) -> None:
    answer = await post(api, body)

    assert (answer.status, code(answer)) == (400, expected)
    assert answer.body["errors"][0]["extensions"]["requestId"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("name", ["", "other"])
async def test_an_operation_the_document_does_not_have_is_told(api: Api, name: str) -> None:
    answer = await api.send("POST", "/graphql", json={"query": "query one { __typename }", "operationName": name})

    assert (answer.status, code(answer), "data" in answer.body) == (200, "BAD_REQUEST", False)


async def test_of_several_operations_none_is_run_without_a_name(api: Api) -> None:
    two = "query one { a: __typename } query two { b: __typename }"
    answer = await api.send("POST", "/graphql", json={"query": two})
    named = await api.send("POST", "/graphql", json={"query": two, "operationName": "two"})

    assert (code(answer), "data" in answer.body) == ("BAD_REQUEST", False)
    assert named.body == {"data": {"b": "Query"}}


@pytest.mark.parametrize("content_type", FOREIGN)
async def test_a_body_a_foreign_page_could_send_is_refused(api: Api, content_type: str) -> None:
    answer = await post(api, b'{"query": "{ __typename }"}', **{"Content-Type": content_type})

    assert (answer.status, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_larger_than_a_mebibyte_is_413(api: Api) -> None:
    answer = await post(api, b'{"query": "{ __typename }"}' + b" " * 1024 * 1024)

    assert answer.status == 413
    assert answer.body["errors"] == [
        {
            "message": "The body is larger than 1 MiB",
            "extensions": {"code": "PAYLOAD_TOO_LARGE", "requestId": answer.headers["X-Request-Id"]},
        }
    ]


async def test_a_fault_of_ours_before_anything_is_run_is_masked_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> Any:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("is0k.resolvers.admission.authenticate", fail)
    with capture_logs([merge_contextvars]) as log:
        answer = await post(api, b'{"query": "{ __typename }"}')

    [error] = answer.body["errors"]
    request_id = answer.headers["X-Request-Id"]
    assert (answer.status, error["extensions"]) == (500, {"code": "INTERNAL_ERROR", "requestId": request_id})
    assert "hunter2" not in str(answer.body)
    assert [entry["request_id"] for entry in log if entry["event"] == "request failed"] == [request_id]
