"""Every operation of GraphQL and every route of REST, called with ids of another organization.

Each answers, byte for byte, as if there were no such id, and nothing of the other's is read or changed. A new operation
is in here by itself.
"""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.rest.routes import ROWS
from is0k.schema.ids import Prefix, encode, uuid7
from is0k.tests.stage.api import Api
from is0k.tests.stage.belongings import one_of_each
from is0k.tests.stage.calls import Call, Slot, calls

pytestmark = pytest.mark.anyio

CALLS = [call for kind in ("query", "mutation", "subscription") for call in calls(kind)]
ABOUT_IDS = [(call, slot) for call in CALLS for slot in call.slots]
# What a route below /noun/{id} is about, and the body that is valid for it whatever the noun.
NOUNS = {
    "monitors": "mon",
    "alert-channels": "chn",
    "status-pages": "pag",
    "incidents": "inc",
    "maintenance-windows": "mnt",
    "deliveries": "dlv",
}
BODIES: dict[str, Any] = {"/incidents/{id}/updates": {"message": "We are looking into it", "status": "identified"}}
# A subscription that may not begin ends its stream at once.
DOORS = {"subscription": "/graphql/stream"}
ROUTES = [(row.method, row.path) for row in ROWS if "{id}" in row.path]


def test_every_noun_is_asked_for() -> None:
    """The ones of this file would not notice that they call nothing."""
    assert {slot.prefix for _, slot in ABOUT_IDS} == {"mon", "chn", "pag", "inc", "mnt", "dlv", "key", "cmp"}
    assert {path.split("/")[1] for _, path in ROUTES} == set(NOUNS)


def made_up(prefix: str) -> str:
    return encode(Prefix(prefix), uuid7())


def with_id(call: Call, slot: Slot, id: str, ours: Mapping[str, str]) -> dict[str, Any]:
    """The variables of the call: `id` in its slot, ids of our own in all others."""
    variables = copy.deepcopy(call.variables)
    for each in call.slots:
        place: Any = variables
        for step in each.path[:-1]:
            place = place[step]
        place[each.path[-1]] = id if each == slot else ours[each.prefix]
    return variables


async def everything_of(ctx: Context) -> str:
    """All rows of an organization, as text."""
    tables = [getattr(models, name) for name in models.__all__]
    rows = {
        table.__name__: await table.filter(organization_id=ctx.organization_id).order_by("id").values()
        for table in tables
        if "organization_id" in table._meta.fields_map and table is not models.IdempotentAnswer
    }
    assert len(rows) >= 6
    return json.dumps(rows, default=str)


@pytest.mark.parametrize(("call", "slot"), ABOUT_IDS, ids=[f"{call.name}-{slot.path[-1]}" for call, slot in ABOUT_IDS])
async def test_graphql_tells_nothing_of_what_is_somebody_elses(
    api: Api, stranger_api: Api, stranger: Context, call: Call, slot: Slot
) -> None:
    ours, theirs = await one_of_each(api), await one_of_each(stranger_api)
    before = await everything_of(stranger)
    nothing = made_up(slot.prefix)

    told = {}
    for id in (nothing, theirs[slot.prefix]):
        asked = {"query": call.document, "variables": with_id(call, slot, id, ours)}
        answer = await api.send("POST", DOORS.get(call.kind, "/graphql"), json=asked)
        told[id] = json.dumps(answer.body, default=bytes.decode).replace(id, "ID")

    assert told[theirs[slot.prefix]] == told[nothing]
    assert "GRAPHQL_VALIDATION_FAILED" not in told[nothing] and "BAD_USER_INPUT" not in told[nothing]
    # It is the id that is refused, or finds nothing; not something else that is wrong with the call.
    assert any(sign in told[nothing] for sign in ("NOT_FOUND", '"edges": []', f'"{call.name}": null')), told
    assert not [id for id in theirs.values() if id in told[nothing]]
    assert await everything_of(stranger) == before


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_rest_tells_nothing_of_what_is_somebody_elses(
    api: Api, stranger_api: Api, stranger: Context, method: str, path: str
) -> None:
    theirs = await one_of_each(stranger_api)
    before = await everything_of(stranger)
    prefix = NOUNS[path.split("/")[1]]
    nothing = made_up(prefix)

    told = {}
    for id in (nothing, theirs[prefix]):
        body = BODIES.get(path, {}) if method in ("POST", "PUT", "PATCH") else None
        answer = await api.call(method, path.format(id=id), body, headers={"X-Request-Id": "same"})
        headers = {name: value for name, value in answer.headers.items() if "ratelimit" not in name.lower()}
        headers.pop("Date", None)
        told[id] = json.dumps([answer.status, answer.body, headers]).replace(id, "ID")

    assert told[theirs[prefix]] == told[nothing]
    assert told[nothing].startswith("[404, ")
    assert await everything_of(stranger) == before
