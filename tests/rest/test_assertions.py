"""Assertions of a monitor over both doors: written, read, edited, refused."""

from typing import Any

import pytest

from is0k import models
from is0k.tests.stage.api import Api

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
SLOW = {"source": "latency", "op": "lt", "target": "500"}
TREE = {"all": [{"any": [{"not": {"source": "header", "path": "x-cache", "op": "matches", "target": "^MISS"}}, SLOW]}]}
NOTHING = dict.fromkeys(["source", "path", "op", "target", "all", "any", "not"])
FRAGMENT = "fragment Leaf on Assertion { source path op target }"
READ = f"""query ($id: ID!) {{ monitor(id: $id) {{ assertions {{
  ...Leaf all {{ ...Leaf any {{ ...Leaf not {{ ...Leaf }} }} }}
}} }} }} {FRAGMENT}"""


def whole(node: dict[str, Any]) -> dict[str, Any]:
    """As REST shows it: with every field."""
    shown: dict[str, Any] = {**NOTHING, **node}
    for name in ("all", "any"):
        shown[name] = shown[name] and [whole(child) for child in shown[name]]
    return {**shown, "not": shown["not"] and whole(shown["not"])}


async def made(api: Api, *assertions: Any) -> Any:
    return (await api.post("/monitors", {**SHOP, "assertions": list(assertions)})).data


async def epoch() -> int:
    return (await models.MonitorState.get()).epoch


async def test_a_tree_is_read_as_it_was_written(api: Api) -> None:
    shop = await made(api, TREE, SLOW)

    assert shop["assertions"] == [whole(TREE), whole(SLOW)]
    assert (await api.get(f"/monitors/{shop['id']}")).data == shop


async def test_what_was_read_may_be_written_back(api: Api) -> None:
    shop = await made(api, TREE)

    answer = await api.call("PUT", f"/monitors/{shop['id']}", shop)

    assert answer.data == shop | {"updatedAt": answer.data["updatedAt"]}
    assert await epoch() == 0


async def test_another_assertion_is_another_target_and_null_is_none(api: Api) -> None:
    shop = await made(api, TREE)

    changed = await api.call("PATCH", f"/monitors/{shop['id']}", {"assertions": [SLOW]})
    assert (changed.data["assertions"], await epoch()) == ([whole(SLOW)], 1)
    kept = await api.call("PATCH", f"/monitors/{shop['id']}", {"name": "Blog"})
    assert (kept.data["assertions"], await epoch()) == ([whole(SLOW)], 1)
    cleared = await api.call("PATCH", f"/monitors/{shop['id']}", {"assertions": None})
    assert (cleared.data["assertions"], await epoch()) == ([], 2)


async def test_graphql_reads_four_levels_of_fifty_monitors_and_writes_them(api: Api) -> None:
    leaf = {"source": "STATUS", "op": "LT", "target": "400"}
    tree = {"all": [{"any": [{"not": leaf}]}]}
    create = "mutation ($input: CreateMonitorInput!) { createMonitor(input: $input) { monitor { id } } }"
    settings = {"http": {"url": "https://shop.example"}}
    made = await api.graphql(create, input={"name": "Shop", "settings": settings, "assertions": [tree]})
    shown = await api.graphql(READ, id=made["data"]["createMonitor"]["monitor"]["id"])

    empty = dict.fromkeys(["source", "path", "op", "target"])
    inner = {**empty, "not": {**empty, **leaf}}
    expected = [{**empty, "all": [{**empty, "any": [inner]}]}]
    assert shown["data"]["monitor"]["assertions"] == expected
    listing = READ.replace("($id: ID!) { monitor(id: $id) {", "{ monitors(first: 50) { edges { node {").replace(
        "} } fragment", "} } } } fragment"
    )
    listed = await api.graphql(listing)
    assert [edge["node"]["assertions"] for edge in listed["data"]["monitors"]["edges"]] == [expected]


async def test_all_faults_are_told_at_once_over_rest(api: Api) -> None:
    wrong = {"any": [SLOW, {"source": "body", "op": "matches", "target": "("}]}
    answer = await api.post("/monitors", {**SHOP, "retries": 99, "assertions": [wrong, {"source": "packet_loss"}]})

    assert (answer.status, answer.faults) == (
        422,
        {
            "retries": "OUT_OF_RANGE",
            "assertions.0.any.1.target": "BAD_PATTERN",
            "assertions.1.op": "REQUIRED",
            "assertions.1.source": "NOT_ALLOWED",
        },
    )
    assert await models.Monitor.all().count() == 0


async def test_all_faults_are_told_at_once_over_graphql(api: Api) -> None:
    create = "mutation ($input: CreateMonitorInput!) { createMonitor(input: $input) { userErrors { field code } } }"
    wrong = [{"not": {"source": "JSON", "op": "EXISTS", "path": "$["}}, {"source": "ANSWERS", "op": "EQ"}]
    input = {"name": "Shop", "settings": {"http": {"url": "https://shop.example"}}, "assertions": wrong}
    answer = await api.graphql(create, input=input)

    assert sorted(
        (".".join(told["field"]), told["code"]) for told in answer["data"]["createMonitor"]["userErrors"]
    ) == [
        ("assertions.0.not.path", "BAD_PATH"),
        ("assertions.1.source", "NOT_ALLOWED"),
        ("assertions.1.target", "REQUIRED"),
    ]
    assert await models.Monitor.all().count() == 0


async def test_an_edit_asks_whether_the_monitor_s_type_has_it(api: Api) -> None:
    ping = (await api.post("/monitors", {"name": "Db", "type": "ping", "host": "db.example"})).data

    answer = await api.call("PATCH", f"/monitors/{ping['id']}", {"assertions": [SLOW, TREE]})

    assert answer.faults == {"assertions.1.all.0.any.0.not.source": "NOT_ALLOWED"}
    assert (await api.get(f"/monitors/{ping['id']}")).data == ping


@pytest.mark.parametrize("levels", [5, 40, 300])
async def test_no_depth_is_more_than_a_refusal(api: Api, levels: int) -> None:
    node: dict[str, Any] = SLOW
    for _ in range(levels - 1):
        node = {"not": node}

    answer = await api.post("/monitors", {**SHOP, "assertions": [node]})

    assert (answer.status, set(answer.faults.values())) == (422, {"TOO_DEEP"})


async def test_basic_auth_is_masked_and_the_mask_written_back_keeps_it(api: Api) -> None:
    given = {"username": "monitor", "password": "correct horse"}
    shop = (await api.post("/monitors", {**SHOP, "basicAuth": given})).data
    assert shop["basicAuth"] == {"username": "monitor", "password": "••••orse"}

    renamed = {"username": "root", "password": "••••orse"}
    answer = await api.call("PATCH", f"/monitors/{shop['id']}", {"basicAuth": renamed})

    assert answer.data["basicAuth"] == renamed
    row = await models.Monitor.get()
    assert row.typed_settings.basic_auth.password == "correct horse"
    assert "basic_auth" not in row.settings
    wrong = await api.call("PATCH", f"/monitors/{shop['id']}", {"basicAuth": {**renamed, "password": "••••else"}})
    assert wrong.faults == {"basicAuth.password": "MASKED"}
    cleared = await api.call("PATCH", f"/monitors/{shop['id']}", {"basicAuth": None})
    assert cleared.data["basicAuth"] is None
