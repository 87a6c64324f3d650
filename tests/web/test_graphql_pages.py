"""Status pages and maintenance windows over GraphQL."""

from typing import Any

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.tests.stage.api import Api
from is0k.tests.stage.people import new_maintenance_window, new_monitor, new_status_page

pytestmark = pytest.mark.anyio

CREATE_PAGE = """mutation ($input: CreateStatusPageInput!) { createStatusPage(input: $input) {
    statusPage { id slug visibility theme url subscriberCount components { id name group position monitorIds } }
    userErrors { field code message }
} }"""
UPDATE_PAGE = """mutation ($id: ID!, $input: UpdateStatusPageInput!) { updateStatusPage(id: $id, input: $input) {
    statusPage { name components { id name } } userErrors { field code message }
} }"""
CREATE_WINDOW = """mutation ($input: CreateMaintenanceWindowInput!) { createMaintenanceWindow(input: $input) {
    maintenanceWindow { id status startsAt nextStartsAt rrule monitorIds } userErrors { field code message }
} }"""
HOUR = {"title": "Upgrade", "startsAt": "2026-11-23T13:00:00Z", "endsAt": "2026-11-23T14:00:00Z"}


async def test_a_page_is_made_changed_read_and_deleted(api: Api, ctx: Context) -> None:
    monitor = (await new_monitor(ctx)).id
    components = [{"name": "Web", "group": "EU", "monitorIds": [monitor]}, {"name": "API"}]

    made = await told(api, CREATE_PAGE, input={"name": "Shop", "theme": "DARK", "components": components})
    page = made["statusPage"]
    web, other = page["components"]
    assert page == {
        "id": page["id"],
        "slug": "shop",
        "visibility": "PUBLIC",
        "theme": "DARK",
        "url": "http://127.0.0.1:8000/status/shop",
        "subscriberCount": 0,
        "components": [
            {"id": web["id"], "name": "Web", "group": "EU", "position": 0, "monitorIds": [monitor]},
            {"id": other["id"], "name": "API", "group": None, "position": 1, "monitorIds": []},
        ],
    }

    changes = {"name": "Blog", "components": [{"id": other["id"]}, {"name": "New"}]}
    changed = await told(api, UPDATE_PAGE, id=page["id"], input=changes)
    assert changed["userErrors"] == []
    assert [component["name"] for component in changed["statusPage"]["components"]] == ["API", "New"]

    query = '{ statusPages(filter: {q: "blo"}) { totalCount edges { node { id name } } } }'
    assert (await api.graphql(query))["data"] == {
        "statusPages": {"totalCount": 1, "edges": [{"node": {"id": page["id"], "name": "Blog"}}]}
    }
    gone = await told(api, "mutation ($id: ID!) { deleteStatusPage(id: $id) { deleted { id } } }", id=page["id"])
    assert gone == {"deleted": {"id": page["id"]}}
    assert await told(api, "query ($id: ID!) { statusPage(id: $id) { id } }", id=page["id"]) is None


async def told(api: Api, query: str, **variables: Any) -> Any:
    """What the one field of the query answers."""
    answer = await api.graphql(query, **variables)
    assert "errors" not in answer, answer
    [value] = answer["data"].values()
    return value


async def test_what_is_wrong_with_a_page_is_told_as_user_errors(api: Api, ctx: Context, stranger: Context) -> None:
    theirs, page = (await new_monitor(stranger)).id, await new_status_page(ctx)
    await new_status_page(stranger, slug="taken")

    faulty = await told(api, CREATE_PAGE, input={"name": "", "slug": "API", "visibility": "PASSWORD"})
    assert [(error["field"], error["code"]) for error in faulty["userErrors"]] == [
        (["name"], "BAD_LENGTH"),
        (["slug"], "BAD_SLUG"),
        (["password"], "REQUIRED"),
    ]
    foreign = {"components": [{"name": "x", "monitorIds": [theirs]}, {"id": "cmp_x"}]}
    assert (await told(api, UPDATE_PAGE, id=page.id, input=foreign))["userErrors"] == [
        {
            "field": ["components", "0", "monitorIds", "0"],
            "code": "MONITOR_NOT_FOUND",
            "message": f"Monitor with ID {theirs} not found",
        },
        {
            "field": ["components", "1", "id"],
            "code": "COMPONENT_NOT_FOUND",
            "message": "Component with ID cmp_x not found",
        },
    ]
    assert (await told(api, UPDATE_PAGE, id=page.id, input={"slug": "taken"}))["userErrors"] == [
        {"field": ["slug"], "code": "SLUG_TAKEN", "message": "'taken' is taken"}
    ]
    assert await models.StatusPage.all().count() == 2


async def test_the_password_can_be_given_and_not_asked_for(api: Api) -> None:
    made = await told(api, CREATE_PAGE, input={"name": "Shop", "visibility": "PASSWORD", "password": "correct horse"})
    assert made["statusPage"]["visibility"] == "PASSWORD"

    answer = await api.graphql("{ statusPages { edges { node { password } } } }")

    assert "Cannot query field 'password'" in answer["errors"][0]["message"]


async def test_a_window_is_made_changed_read_and_deleted(api: Api, ctx: Context) -> None:
    monitor = (await new_monitor(ctx)).id

    made = await told(api, CREATE_WINDOW, input={**HOUR, "rrule": "FREQ=DAILY", "monitorIds": [monitor]})
    id = made["maintenanceWindow"]["id"]
    assert made == {
        "maintenanceWindow": {
            "id": id,
            "status": "SCHEDULED",
            "startsAt": "2026-11-23T13:00:00.000Z",
            "nextStartsAt": "2026-11-23T13:00:00.000Z",
            "rrule": "FREQ=DAILY",
            "monitorIds": [monitor],
        },
        "userErrors": [],
    }

    update = """mutation ($id: ID!) { updateMaintenanceWindow(id: $id, input: {rrule: null}) {
        maintenanceWindow { rrule } } }"""
    assert await told(api, update, id=id) == {"maintenanceWindow": {"rrule": None}}
    listed = await told(api, "{ maintenanceWindows(filter: {status: SCHEDULED}) { edges { node { id } } } }")
    assert listed == {"edges": [{"node": {"id": id}}]}
    gone = await told(api, "mutation ($id: ID!) { deleteMaintenanceWindow(id: $id) { deleted { id } } }", id=id)
    assert gone == {"deleted": {"id": id}}
    assert await told(api, "query ($id: ID!) { maintenanceWindow(id: $id) { id } }", id=id) is None


async def test_what_is_wrong_with_a_window_is_told_as_user_errors(api: Api) -> None:
    faulty = await told(api, CREATE_WINDOW, input={**HOUR, "rrule": "FREQ=WEEKLY;BYDAY=SU", "timezone": "UTC"})

    assert faulty == {
        "maintenanceWindow": None,
        "userErrors": [
            {
                "field": ["startsAt"],
                "code": "NOT_IN_RRULE",
                "message": "Must be the first time of the rule, in its time zone",
            }
        ],
    }


async def test_nobody_reads_what_is_anothers(api: Api, stranger: Context) -> None:
    page, window = await new_status_page(stranger), await new_maintenance_window(stranger)
    query = """query ($page: ID!, $window: ID!) {
        statusPage(id: $page) { id } maintenanceWindow(id: $window) { id }
        statusPages { totalCount } maintenanceWindows { totalCount } }"""

    answer = await api.graphql(query, page=page.id, window=window.id)

    nothing = {"totalCount": 0}
    assert answer == {
        "data": {
            "statusPage": None,
            "maintenanceWindow": None,
            "statusPages": nothing,
            "maintenanceWindows": nothing,
        }
    }
