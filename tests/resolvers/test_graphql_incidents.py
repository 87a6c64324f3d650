"""Incidents, regions and me in GraphQL: what mutations answer, lists with cursors, and what a monitor has of them."""

from typing import Any

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.root import graphql_schema
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_incident, new_monitor, new_page

pytestmark = pytest.mark.anyio

FIELDS = """
    fragment all on Incident {
        id title status impact origin monitorIds statusPageIds startedAt acknowledgedAt acknowledgedBy resolvedAt
        durationSeconds cause { reason message evidence } updates { id status message createdAt } createdAt updatedAt
    }
"""
OF_MONITORS = """
    query ($first: Int!, $after: String) { monitors { edges { node { id incidents(first: $first, after: $after) {
        edges { node { title monitorIds updates { message } } } pageInfo { hasNextPage endCursor } totalCount
    } } } } }
"""


async def ask(ctx: Context, query: str, **variables: Any) -> Any:
    answer = await graphql_schema.execute(query, variables, Context(ctx.actor, ctx.clock))
    assert answer.errors is None, answer.errors
    return answer.data


async def test_an_incident_from_its_beginning_to_its_end(ctx: Context, clock: FakeClock) -> None:
    shop, page = await new_monitor(ctx), await new_page(ctx, "shop")
    create = (
        "mutation ($input: CreateIncidentInput!) { createIncident(input: $input) { incident { ...all } } }" + FIELDS
    )
    input = {"title": "Shop is slow", "impact": "MAJOR", "monitorIds": [shop.id], "statusPageIds": [page]}
    made = (await ask(ctx, create, input=input | {"message": "Hm"}))["createIncident"]["incident"]

    assert (made["title"], made["status"], made["impact"]) == ("Shop is slow", "INVESTIGATING", "MAJOR")
    assert (made["monitorIds"], made["statusPageIds"], made["origin"]) == ([shop.id], [page], "MANUAL")
    assert (made["startedAt"], made["resolvedAt"]) == ("2026-11-23T12:00:00.000Z", None)
    assert [update["message"] for update in made["updates"]] == ["Hm"]

    edit = """mutation ($id: ID!) { updateIncident(id: $id, input: {title: "Shop was slow", impact: null}) {
        incident { title impact statusPageIds } userErrors { code } } }"""
    assert (await ask(ctx, edit, id=made["id"]))["updateIncident"] == {
        "incident": {"title": "Shop was slow", "impact": "MINOR", "statusPageIds": [page]},
        "userErrors": [],
    }
    clock.move(60)
    say = """mutation ($id: ID!) { createIncidentUpdate(id: $id, input: {status: RESOLVED, message: "Done"}) {
        incident { status durationSeconds updates { status message } } } }"""
    assert (await ask(ctx, say, id=made["id"]))["createIncidentUpdate"]["incident"] == {
        "status": "RESOLVED",
        "durationSeconds": 60.0,
        "updates": [{"status": "RESOLVED", "message": "Done"}, {"status": "INVESTIGATING", "message": "Hm"}],
    }

    assert await ask(ctx, "{ incidents { edges { node { title } } totalCount } }") == {
        "incidents": {"edges": [{"node": {"title": "Shop was slow"}}], "totalCount": 1}
    }
    delete = "mutation ($id: ID!) { deleteIncident(id: $id) { deleted { id deleted } } }"
    deleted = (await ask(ctx, delete, id=made["id"]))["deleteIncident"]["deleted"]
    assert deleted == {"id": made["id"], "deleted": True}
    assert await ask(ctx, "query ($id: ID!) { incident(id: $id) { id } }", id=made["id"]) == {"incident": None}


async def test_what_is_wrong_with_the_input_is_told_with_its_path(ctx: Context, stranger: Context) -> None:
    theirs = await new_monitor(stranger)
    create = """mutation ($ids: [ID!]!) {
        createIncident(input: {title: "x", monitorIds: $ids, startedAt: "2999-01-01T00:00:00Z"}) {
            incident { id } userErrors { field code message } } }"""

    assert (await ask(ctx, create, ids=[theirs.id]))["createIncident"] == {
        "incident": None,
        "userErrors": [
            {
                "field": ["monitorIds", "0"],
                "code": "MONITOR_NOT_FOUND",
                "message": f"Monitor with ID {theirs.id} not found",
            },
            {
                "field": ["startedAt"],
                "code": "OUT_OF_RANGE",
                "message": "Must not be in the future, nor after it was resolved",
            },
        ],
    }
    assert await models.Incident.all().count() == 0


async def test_an_incident_that_is_not_there_is_a_user_error(ctx: Context, stranger: Context) -> None:
    theirs = await new_incident(stranger)
    say = """mutation ($id: ID!) { createIncidentUpdate(id: $id, input: {message: "x"}) {
        incident { id } userErrors { field code message } } }"""

    assert (await ask(ctx, say, id=theirs.id))["createIncidentUpdate"] == {
        "incident": None,
        "userErrors": [
            {"field": ["id"], "code": "INCIDENT_NOT_FOUND", "message": f"Incident with ID {theirs.id} not found"}
        ],
    }
    assert await models.IncidentUpdate.all().count() == 0


async def test_a_list_is_filtered_and_goes_on_where_the_cursor_says(ctx: Context) -> None:
    for title in "abcd":
        await new_incident(ctx, title=title, impact="major" if title != "c" else "none")
    query = """query ($after: String) { incidents(first: 2, after: $after, filter: {impact: MAJOR, open: true}) {
        edges { node { title } } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount } }"""

    first = (await ask(ctx, query))["incidents"]
    second = (await ask(ctx, query, after=first["pageInfo"]["endCursor"]))["incidents"]
    assert [[edge["node"]["title"] for edge in page["edges"]] for page in (first, second)] == [["d", "b"], ["a"]]
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (3, False)


async def test_each_monitor_has_its_own_in_a_constant_number_of_statements(
    ctx: Context, statements: Statements
) -> None:
    monitors, counts = [], []
    for number in range(1, 6):
        monitors.append((await new_monitor(ctx)).id)
        await new_incident(ctx, title=f"all {number}", monitorIds=monitors, message="Hm")
        with statements() as sent:
            data = await ask(ctx, OF_MONITORS, first=2)
        counts.append(len(sent))

    # The monitors, their links, the incidents, what belongs to those (monitors, pages, updates), and the counts.
    assert counts == [7] * 5
    nodes = {edge["node"]["id"]: edge["node"]["incidents"] for edge in data["monitors"]["edges"]}
    assert [nodes[id]["totalCount"] for id in monitors] == [5, 4, 3, 2, 1]
    assert [edge["node"]["title"] for edge in nodes[monitors[0]]["edges"]] == ["all 5", "all 4"]
    assert [edge["node"]["title"] for edge in nodes[monitors[4]]["edges"]] == ["all 5"]
    assert nodes[monitors[4]]["edges"][0]["node"] == {
        "title": "all 5",
        "monitorIds": monitors,
        "updates": [{"message": "Hm"}],
    }
    after = nodes[monitors[0]]["pageInfo"]["endCursor"]
    more = (await ask(ctx, OF_MONITORS, first=2, after=after))["monitors"]["edges"]
    assert [edge["node"]["incidents"]["edges"][0]["node"]["title"] for edge in more[-2:]] == ["all 3", "all 3"]


async def test_the_open_incidents_of_monitors_cost_the_same_however_many(ctx: Context, statements: Statements) -> None:
    query = "{ monitors { edges { node { openIncident { title statusPageIds updates { message } } } } } }"
    counts = []
    for number in range(1, 4):
        shop = await new_monitor(ctx)
        await new_incident(ctx, title=str(number), monitorIds=[shop.id], message="Hm")
        await models.Incident.filter(title=str(number)).update(monitor_number=shop.number)
        with statements() as sent:
            data = await ask(ctx, query)
        counts.append(len(sent))

    assert counts == [5] * 3
    assert [edge["node"]["openIncident"] for edge in data["monitors"]["edges"]] == [
        {"title": title, "statusPageIds": [], "updates": [{"message": "Hm"}]} for title in "321"
    ]


async def test_regions_and_me_are_there_too(ctx: Context) -> None:
    await models.Region.create(name="eu")
    await new_monitor(ctx)

    data = await ask(
        ctx,
        """{ regions { name isOnline lastSeenAt version monitorCount }
             me { organization { name } plan limits { monitorTypes } usage { monitors } apiKey { id } } }""",
    )
    assert data["regions"] == [
        {"name": "eu", "isOnline": False, "lastSeenAt": None, "version": None, "monitorCount": 1}
    ]
    assert data["me"]["organization"] == {"name": "Ours"}
    assert (data["me"]["plan"], data["me"]["usage"], data["me"]["apiKey"]) == ("ENTERPRISE", {"monitors": 1}, None)
    assert "HTTP" in data["me"]["limits"]["monitorTypes"]
