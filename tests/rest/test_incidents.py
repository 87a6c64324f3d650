"""Incidents over REST: what is sent, and what comes back."""

from typing import Any

import pytest

from is0k import models
from is0k.tests.rest.test_monitors import said
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

UNKNOWN = "inc_01h455vb4pex5vsknk084sn02q"


async def monitor(api: Api) -> Any:
    return (await api.post("/monitors", {"name": "Shop", "type": "http", "url": "https://shop.example/"})).data["id"]


async def made(api: Api, **fields: Any) -> Any:
    return (await api.post("/incidents", {"title": "Shop is slow", **fields})).data


async def test_create_answers_201_with_the_names_of_the_contract(api: Api) -> None:
    shop = await monitor(api)

    answer = await api.post(
        "/incidents", {"title": "Shop is slow", "impact": "major", "monitorIds": [shop], "message": "**Hm**"}
    )

    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/incidents/{answer.data['id']}"
    [update] = answer.data["updates"]
    assert answer.data == {
        "id": answer.data["id"],
        "title": "Shop is slow",
        "status": "investigating",
        "impact": "major",
        "origin": "manual",
        "monitorIds": [shop],
        "statusPageIds": [],
        "startedAt": "2026-11-23T12:00:00.000Z",
        "acknowledgedAt": "2026-11-23T12:00:00.000Z",
        "acknowledgedBy": "test",
        "resolvedAt": None,
        "durationSeconds": None,
        "cause": None,
        "updates": [update],
        "createdAt": answer.data["createdAt"],
        "updatedAt": answer.data["updatedAt"],
    }
    assert update == {
        "id": update["id"],
        "status": "investigating",
        "message": "**Hm**",
        "createdAt": "2026-11-23T12:00:00.000Z",
    }
    assert (await api.get(f"/incidents/{answer.data['id']}")).data == answer.data


async def test_adding_an_update_answers_the_incident_and_where_it_is(api: Api, clock: FakeClock) -> None:
    incident = await made(api)
    clock.move(60)

    answer = await api.post(f"/incidents/{incident['id']}/updates", {"status": "resolved", "message": "Done"})

    assert (answer.status, answer.headers["Location"]) == (201, f"/api/v1/incidents/{incident['id']}")
    assert (answer.data["status"], answer.data["resolvedAt"]) == ("resolved", "2026-11-23T12:01:00.000Z")
    assert answer.data["durationSeconds"] == 60.0
    assert [update["message"] for update in answer.data["updates"]] == ["Done"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_edit_sets_what_is_present_and_keeps_the_rest(api: Api, method: str) -> None:
    before = await made(api, impact="critical", message="Hm")

    answer = await api.call(method, f"/incidents/{before['id']}", {"title": "Shop was slow", "impact": None})

    changes = {"title": "Shop was slow", "impact": "minor", "updatedAt": answer.data["updatedAt"]}
    assert (answer.status, answer.data) == (200, before | changes)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_was_read_may_be_written_back(api: Api, clock: FakeClock, method: str) -> None:
    clock.move(0.1239)
    before = await made(api, monitorIds=[await monitor(api)], message="Hm", status="resolved")

    answer = await api.call(method, f"/incidents/{before['id']}", before)

    assert answer.data == before | {"updatedAt": answer.data["updatedAt"]}


async def test_delete_answers_200_because_204_would_break_the_envelope(api: Api) -> None:
    incident = await made(api)

    answer = await api.delete(f"/incidents/{incident['id']}")

    assert (answer.status, answer.data) == (200, {"id": incident["id"], "deleted": True})
    assert (await api.get(f"/incidents/{incident['id']}")).code == "INCIDENT_NOT_FOUND"


async def test_lists_are_filtered_and_paged(api: Api) -> None:
    shop = await monitor(api)
    for title in ("a", "b", "c"):
        await made(api, title=title, monitorIds=[shop])
    await made(api, title="d", impact="none", status="resolved")

    first = await api.get(f"/incidents?open=true&monitorId={shop}&from=2026-11-23T12:00:00Z&limit=2&count=true")
    second = await api.get(first.headers["Link"].partition(">")[0].removeprefix("</api/v1"))

    assert [[item["title"] for item in page.data] for page in (first, second)] == [["c", "b"], ["a"]]
    assert (first.headers["X-Total-Count"], "Link" in second.headers) == ("3", False)
    assert [item["title"] for item in (await api.get("/incidents?status=resolved&impact=none&q=D")).data] == ["d"]
    assert [item["title"] for item in (await api.get(f"/monitors/{shop}/incidents?limit=1")).data] == ["c"]
    assert (await api.get("/incidents?state=open")).code == "UNKNOWN_PARAMETER"


async def test_an_automatic_one_shows_its_cause(api: Api) -> None:
    incident = await made(api)
    cause = {"reason": "timeout", "message": "no answer", "evidence": {"statusCode": None}}
    await models.Incident.all().update(cause=cause, origin="automatic")

    answer = await api.get(f"/incidents/{incident['id']}")

    assert (answer.data["cause"], answer.data["origin"]) == (cause | {"lastGood": None, "changed": None}, "automatic")


async def test_all_that_is_wrong_is_told_at_once(api: Api, stranger_api: Api) -> None:
    theirs = await monitor(stranger_api)

    shapes = await api.post("/incidents", {"impact": "huge", "monitorIds": [theirs, theirs], "message": ""})
    assert (shapes.status, shapes.faults) == (
        422,
        {"title": "REQUIRED", "impact": "INVALID_VALUE", "monitorIds.1": "DUPLICATE", "message": "BAD_LENGTH"},
    )
    contents = await api.post(
        "/incidents",
        {"title": "x", "monitorIds": ["x", theirs], "statusPageIds": ["y"], "startedAt": "2999-01-01T00:00:00Z"},
    )
    assert (contents.status, contents.faults) == (
        422,
        {
            "monitorIds.0": "MONITOR_NOT_FOUND",
            "monitorIds.1": "MONITOR_NOT_FOUND",
            "statusPageIds.0": "STATUS_PAGE_NOT_FOUND",
            "startedAt": "OUT_OF_RANGE",
        },
    )
    assert (await api.get("/incidents")).data == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"title": "Stolen"}),
        ("PATCH", "", {"title": "Stolen"}),
        ("DELETE", "", None),
        ("POST", "/updates", {"message": "Stolen"}),
    ],
)
async def test_what_is_not_ours_answers_byte_for_byte_like_what_is_not_there(
    api: Api, stranger_api: Api, method: str, path: str, body: Any
) -> None:
    theirs = await made(stranger_api)

    told = [
        said(await api.call(method, f"/incidents/{id}{path}", body), id)
        for id in (UNKNOWN, theirs["id"], "inc_malformed", "x", "mon_01h455vb4pex5vsknk084sn02q", UNKNOWN.upper())
    ]

    assert told == [told[0]] * len(told)
    assert told[0][0] == 404
    assert "'code': 'INCIDENT_NOT_FOUND', 'message': 'Incident with ID … not found'" in told[0][1]
    assert (await stranger_api.get(f"/incidents/{theirs['id']}")).data == theirs
