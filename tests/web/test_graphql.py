"""GraphQL over HTTP: what is asked, what is told, and what is kept to ourselves."""

from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from is0k import models
from is0k.resolvers.context import Context
from is0k.schema import Scope
from is0k.tests.stage.api import Api, key_of
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

CREATE = """mutation ($input: CreateMonitorInput!) {
    createMonitor(input: $input) {
        monitor { id name status settings { ... on HttpSettings { url method expectedStatus headers } } }
        userErrors { field code message }
    }
}"""
SHOP = {"name": "Shop", "settings": {"http": {"url": "https://shop.example"}}}
UNKNOWN = "mon_01h455vb4pex5vsknk084sn02q"


def codes(answer: Any) -> list[Any]:
    return [error.get("extensions", {}).get("code") for error in answer["errors"]]


async def test_a_mutation_answers_the_noun_and_no_errors(api: Api) -> None:
    answer = await api.graphql(CREATE, input=SHOP)

    made = answer["data"]["createMonitor"]
    assert made == {
        "monitor": {
            "id": made["monitor"]["id"],
            "name": "Shop",
            "status": "PENDING",
            "settings": {"url": "https://shop.example", "method": "GET", "expectedStatus": 200, "headers": {}},
        },
        "userErrors": [],
    }
    assert "errors" not in answer


async def test_a_query_answers_what_was_asked_for(api: Api, ctx: Context) -> None:
    monitor = await new_monitor(ctx, tags=["prod"], expectedStatus=["2xx", 404])
    query = """query ($id: ID!) {
        monitor(id: $id) { id tags intervalSeconds settings { ... on HttpSettings { expectedStatus } } }
        monitors(filter: {tag: "prod"}) { totalCount edges { node { id } } pageInfo { hasNextPage endCursor } }
    }"""

    data = (await api.graphql(query, id=monitor.id))["data"]

    assert data["monitor"] == {
        "id": monitor.id,
        "tags": ["prod"],
        "intervalSeconds": 60,
        "settings": {"expectedStatus": ["2xx", 404]},
    }
    assert data["monitors"]["totalCount"] == 1
    assert data["monitors"]["edges"] == [{"node": {"id": monitor.id}}]
    assert data["monitors"]["pageInfo"]["hasNextPage"] is False


async def test_rest_and_graphql_tell_of_the_same_monitor(api: Api) -> None:
    made = (await api.graphql(CREATE, input=SHOP))["data"]["createMonitor"]["monitor"]

    shown = (await api.get(f"/monitors/{made['id']}")).data
    assert (shown["name"], shown["status"], shown["url"]) == ("Shop", "pending", "https://shop.example")


async def test_what_is_not_valid_is_told_all_at_once_with_the_paths(api: Api) -> None:
    bad = {
        "name": "",
        "settings": {"http": {"url": "gopher://x", "headers": {"Host": "x"}}},
        "retries": 11,
        "tags": ["ok", "NOT OK"],
    }

    answer = await api.graphql(CREATE, input=bad)

    payload = answer["data"]["createMonitor"]
    assert payload["monitor"] is None
    assert {tuple(error["field"]): error["code"] for error in payload["userErrors"]} == {
        ("name",): "BAD_LENGTH",
        ("settings", "http", "url"): "BAD_URL",
        ("settings", "http", "headers", "Host"): "BAD_HEADER_NAME",
        ("retries",): "OUT_OF_RANGE",
        ("tags", "1"): "BAD_SLUG",
    }
    assert "errors" not in answer
    assert await models.Monitor.exists() is False


@pytest.mark.parametrize(
    ("mutation", "noun"),
    [
        ('updateMonitor(id: $id, input: {name: "x"}) { monitor { id }', "monitor"),
        ("deleteMonitor(id: $id) { deleted { id }", "deleted"),
        ("pauseMonitor(id: $id) { monitor { id }", "monitor"),
        ("resumeMonitor(id: $id) { monitor { id }", "monitor"),
        ("checkMonitor(id: $id) { check { status }", "check"),
    ],
)
async def test_a_monitor_there_is_not_is_a_user_error_of_its_id(api: Api, mutation: str, noun: str) -> None:
    query = f"mutation ($id: ID!) {{ done: {mutation} userErrors {{ field code message }} }} }}"

    answer = await api.graphql(query, id=UNKNOWN)

    message = f"Monitor with ID {UNKNOWN} not found"
    assert answer["data"]["done"] == {
        noun: None,
        "userErrors": [{"field": ["id"], "code": "MONITOR_NOT_FOUND", "message": message}],
    }


async def test_a_monitor_there_is_not_is_null_when_it_is_asked_for(api: Api) -> None:
    answer = await api.graphql("query ($id: ID!) { monitor(id: $id) { id } }", id=UNKNOWN)

    assert answer == {"data": {"monitor": None}}


async def test_a_patch_keeps_what_is_absent_and_clears_what_is_null(api: Api, ctx: Context) -> None:
    monitor = await new_monitor(ctx, keyword="ok", method="POST", tags=["prod"])
    query = """mutation ($id: ID!, $input: UpdateMonitorInput!) { updateMonitor(id: $id, input: $input) {
        monitor { name tags settings { ... on HttpSettings { url method keyword } } } userErrors { code }
    } }"""

    answer = await api.graphql(query, id=monitor.id, input={"name": "Blog", "settings": {"http": {"keyword": None}}})

    assert answer["data"]["updateMonitor"] == {
        "monitor": {
            "name": "Blog",
            "tags": ["prod"],
            "settings": {"url": "https://shop.example/health", "method": "POST", "keyword": None},
        },
        "userErrors": [],
    }


@pytest.mark.parametrize("none", [{}, {"http": None}])
async def test_the_settings_are_those_of_exactly_one_type(api: Api, none: Any) -> None:
    answer = await api.graphql(CREATE, input={"name": "Shop", "settings": none})

    assert codes(answer) == ["BAD_USER_INPUT"]
    assert await models.Monitor.exists() is False


async def test_a_key_is_made_used_and_deleted(api: Api) -> None:
    query = 'mutation { createApiKey(input: {name: "ci", scope: WRITE}) { newApiKey { key apiKey { id hint } } } }'
    made = (await api.graphql(query))["data"]["createApiKey"]["newApiKey"]
    ci = api.with_key(made["key"])
    assert (await ci.graphql("{ monitors { totalCount } }")) == {"data": {"monitors": {"totalCount": 0}}}
    assert codes(await ci.graphql("{ apiKeys { id } }")) == ["INSUFFICIENT_SCOPE"]

    delete = "mutation ($id: ID!) { deleteApiKey(id: $id) { deleted { id deleted } userErrors { code } } }"
    answer = await api.graphql(delete, id=made["apiKey"]["id"])

    gone = {"id": made["apiKey"]["id"], "deleted": True}
    assert answer["data"]["deleteApiKey"] == {"deleted": gone, "userErrors": []}
    assert codes(await ci.graphql("{ monitors { totalCount } }")) == ["INVALID_API_KEY"]


@pytest.mark.parametrize("query", ["{ __typename }", "{ __schema { types { name } } }", CREATE, "no GraphQL at all"])
async def test_without_a_key_nothing_is_told_and_nothing_done(api: Api, query: str) -> None:
    body = {"query": query, "variables": {"input": SHOP}}
    answer = await api.with_key(None).send("POST", "/graphql", json=body)

    assert (answer.status, codes(answer.body)) == (401, ["UNAUTHENTICATED"])
    assert await models.Monitor.exists() is False


async def test_a_scope_that_is_too_small_is_no_user_error_either(api: Api, ctx: Context) -> None:
    answer = await api.with_key(await key_of(ctx, Scope.READ)).graphql(CREATE, input=SHOP)

    assert (answer["data"], codes(answer)) == (None, ["INSUFFICIENT_SCOPE"])
    assert await models.Monitor.exists() is False


async def test_a_wrong_key_is_401_before_anything_is_run(api: Api) -> None:
    answer = await api.with_key("is0k_live_wrong").send("POST", "/graphql", json={"query": "{ __typename }"})

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="is0k"')
    assert answer.body == {
        "errors": [
            {
                "message": "The API key is unknown, deleted or expired",
                "extensions": {"code": "INVALID_API_KEY", "requestId": answer.headers["X-Request-Id"]},
            }
        ],
    }


async def test_a_query_that_is_not_valid_is_told_with_its_details(api: Api) -> None:
    answer = await api.graphql('{ monitors(first: 251, after: "x", filter: {tag: "A B"}) { totalCount } }')

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "VALIDATION_FAILED"
    assert [detail["code"] for detail in error["extensions"]["details"]] == ["BAD_SLUG", "OUT_OF_RANGE"]


async def test_a_misspelt_field_is_told_as_such(api: Api) -> None:
    [error] = (await api.graphql("{ monitors { totalCuont } }"))["errors"]

    # And no "did you mean": whoever may read the schema can look, and whoever may not is not helped to guess it.
    assert error["message"] == "Cannot query field 'totalCuont' on type 'MonitorConnection'."
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


async def test_a_fault_of_ours_is_masked_and_its_request_id_is_in_the_log(
    api: Api, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Any:
        raise RuntimeError("password=hunter2 at /srv/is0k")

    monkeypatch.setattr("is0k.resolvers.monitors.read_monitors", fail)
    with capture_logs([merge_contextvars]) as log:
        answer = await api.send("POST", "/graphql", json={"query": "{ monitors { totalCount } }"})

    [error] = answer.body["errors"]
    request_id = answer.headers["X-Request-Id"]
    assert error["message"] == "Something went wrong on our side; the log has it under this request id"
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "requestId": request_id}
    assert "hunter2" not in str(answer.body)
    [entry] = [entry for entry in log if entry["event"] == "resolver failed"]
    assert (entry["request_id"], str(entry["exc_info"])) == (request_id, "password=hunter2 at /srv/is0k")
