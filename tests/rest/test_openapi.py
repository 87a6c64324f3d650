"""The OpenAPI document: complete, valid, and true to what the server does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import validate

from is0k.resolvers.monitors import create_monitor
from is0k.rest.openapi import document
from is0k.rest.openapi.failures import not_founds, plural
from is0k.rest.routes import PREFIX, ROWS
from is0k.rest.row import Row
from is0k.schema import enums
from is0k.schema.errors import ChannelDeliveryFailed, Taken
from is0k.schema.scalars import JSON_SCHEMAS, SCALARS
from is0k.tests.stage.api import Api

pytestmark = pytest.mark.anyio

DOCUMENT = document(ROWS, PREFIX)
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def behind(part: Any) -> Any:
    """What a reference leads to."""
    if "$ref" not in part:
        return part
    found = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def contents() -> Iterator[tuple[str, Any]]:
    """Everything that is sent or answered, by a name."""
    for name, operation in OPERATIONS.items():
        if "requestBody" in operation:
            yield f"{name} is sent", operation["requestBody"]["content"]["application/json"]
        for status, response in operation["responses"].items():
            if status != "304":
                yield f"{name} {status}", behind(response)["content"]["application/json"]


def examples(content: Any) -> list[Any]:
    return [content["example"]] if "example" in content else [each["value"] for each in content["examples"].values()]


CONTENTS = dict(contents())


def faults(schema: Any, value: Any) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def test_it_is_openapi_3_1() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.1"


def test_it_has_every_row_of_the_table_and_nothing_else() -> None:
    assert list(OPERATIONS) == list(dict.fromkeys(f"{row.method} {row.path}" for row in _by_path()))


def _by_path() -> list[Any]:
    paths = list(dict.fromkeys(row.path for row in ROWS))
    return sorted(ROWS, key=lambda row: paths.index(row.path))


def test_every_operation_has_an_id_of_its_own_a_summary_and_a_tag_that_says_what_it_is() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    tags = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}

    assert len(set(ids)) == len(ids)
    assert all(id.isidentifier() and id[0].islower() and "_" not in id for id in ids)
    for operation in OPERATIONS.values():
        assert operation["summary"] and operation["description"]
        assert [tags[tag] for tag in operation["tags"]] != [""]


@pytest.mark.parametrize("name", CONTENTS)
def test_every_example_is_valid(name: str) -> None:
    content = CONTENTS[name]

    assert examples(content)
    assert [faults(content["schema"], example) for example in examples(content)] == [[]] * len(examples(content))


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_has_a_request_id_and_says_what_is_left_of_the_rate(name: str) -> None:
    for response in OPERATIONS[name]["responses"].values():
        assert {"X-Request-Id", "X-RateLimit-Limit", "RateLimit", "RateLimit-Policy"} <= set(
            behind(response)["headers"]
        )


def test_what_a_status_brings_with_it_is_named() -> None:
    create, read = OPERATIONS["POST /monitors"]["responses"], OPERATIONS["GET /monitors/{id}"]["responses"]
    listed = OPERATIONS["GET /monitors"]["responses"]

    assert {"Location", "Idempotency-Replayed"} <= set(create["201"]["headers"])
    assert "ETag" in read["200"]["headers"] and "ETag" in read["304"]["headers"]
    assert {"Link", "X-Next-Cursor", "X-Total-Count"} <= set(listed["200"]["headers"])
    assert "Retry-After" in behind(listed["429"])["headers"]
    assert "WWW-Authenticate" in behind(listed["401"])["headers"]


def codes(name: str) -> dict[str, list[str]]:
    return {
        status: behind(response)["content"]["application/json"]["schema"]["properties"]["error"]["properties"]["code"][
            "enum"
        ]
        for status, response in OPERATIONS[name]["responses"].items()
        if status >= "400"
    }


def test_an_edit_names_every_error_it_can_have() -> None:
    assert codes("PUT /monitors/{id}") | {"404": ["MONITOR_NOT_FOUND"]} == {
        "400": ["UNKNOWN_PARAMETER", "INVALID_JSON"],
        "401": ["UNAUTHENTICATED", "INVALID_API_KEY"],
        "403": ["INSUFFICIENT_SCOPE", "PLAN_UPGRADE_REQUIRED", "PLAN_LIMIT_REACHED"],
        "404": ["MONITOR_NOT_FOUND"],
        "412": ["PRECONDITION_FAILED"],
        "413": ["PAYLOAD_TOO_LARGE"],
        "415": ["UNSUPPORTED_MEDIA_TYPE"],
        "422": ["VALIDATION_FAILED"],
        "429": ["RATE_LIMITED"],
        "500": ["INTERNAL_ERROR"],
        "503": ["SERVICE_UNAVAILABLE"],
    }


def test_what_only_some_verbs_raise_stands_in_their_row() -> None:
    errors = (ChannelDeliveryFailed("It answered 500"), Taken("slug", value="a"))
    row = Row("POST", "/monitors", create_monitor, 201, types=enums.MonitorType, errors=errors)
    answers = document([row], PREFIX)["paths"]["/monitors"]["post"]["responses"]

    assert answers["502"] == {"$ref": "#/components/responses/ChannelDeliveryFailed"}
    assert answers["409"] == {"$ref": "#/components/responses/IdempotencyKeyReusedOrSlugTaken"}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "{id}" in name])
def test_a_route_with_an_id_names_the_noun_that_may_not_be_there(name: str) -> None:
    collection = name.split("/")[1].replace("-", " ")
    [noun] = [error for error in not_founds() if plural(error.noun.lower()) == collection]

    assert noun.code in codes(name)["404"]


def test_what_is_created_leads_to_what_can_be_done_with_it() -> None:
    links = OPERATIONS["POST /monitors"]["responses"]["201"]["links"]

    assert {"getMonitor", "updateMonitor", "patchMonitor", "deleteMonitor", "pauseMonitor"} <= set(links)
    ids = {operation["operationId"] for operation in OPERATIONS.values()}
    assert {link["operationId"] for link in links.values()} <= ids
    assert links["getMonitor"]["parameters"] == {"id": "$response.body#/data/id"}


def test_every_scalar_says_how_it_stands_in_json() -> None:
    assert set(JSON_SCHEMAS) == set(SCALARS)


@pytest.mark.parametrize("name", [name for name in CONTENTS if name.endswith("is sent")])
def test_a_body_takes_no_field_that_is_not_named(name: str) -> None:
    content = CONTENTS[name]

    for example in examples(content):
        assert faults(content["schema"], {**example, "colour": "red"}) != []


async def test_the_example_of_create_creates_what_the_document_says(api: Api) -> None:
    for path, operations in DOCUMENT["paths"].items():
        post = operations.get("post", {})
        if "{" in path or "201" not in post.get("responses", {}):
            continue
        content = post["requestBody"]["content"]["application/json"]
        for example in examples(content):
            answer = await api.post(path, example)
            if example.get("type") == "apprise":  # the operator of this server has not enabled it
                assert answer.status in (403, 422)
                continue
            assert answer.status == 201, (path, example, answer.body)
            shown = post["responses"]["201"]["content"]["application/json"]["schema"]
            assert faults(shown, answer.body) == []


async def test_it_is_served_without_a_key_and_without_an_envelope(api: Api) -> None:
    answer = await api.with_key(None).get("/openapi.json")

    assert (answer.status, answer.body) == (200, json.loads(json.dumps(DOCUMENT)))
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = await api.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_it_can_only_be_read(api: Api) -> None:
    head, post = await api.call("HEAD", "/openapi.json"), await api.post("/openapi.json", {})

    assert (head.status, head.body) == (200, b"")
    assert (post.status, post.code, post.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", "GET, HEAD")


def test_it_can_be_printed() -> None:
    printed = subprocess.run([sys.executable, "-P", "-m", "is0k.rest.openapi"], capture_output=True, check=True)

    assert json.loads(printed.stdout) == json.loads(json.dumps(DOCUMENT))


def test_words_are_those_of_the_enums() -> None:
    assert DOCUMENT["components"]["schemas"]["MonitorType"]["enum"] == [word.value for word in enums.MonitorType]
