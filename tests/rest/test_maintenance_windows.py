"""Maintenance windows over REST: what is sent, and what comes back."""

from typing import Any

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_maintenance_window, new_monitor

pytestmark = pytest.mark.anyio

HOUR = {"title": "Upgrade", "startsAt": "2026-11-23T14:00:00+01:00", "endsAt": "2026-11-23T14:00:00Z"}
UNKNOWN = "mnt_01h455vb4pex5vsknk084sn02q"


async def test_create_answers_201_with_the_window_and_where_it_is(api: Api, ctx: Context) -> None:
    monitor = (await new_monitor(ctx)).id

    answer = await api.post(
        "/maintenance-windows",
        {**HOUR, "rrule": "FREQ=WEEKLY;BYDAY=MO", "timezone": "Europe/Berlin", "monitorIds": [monitor]},
    )

    data = answer.data
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/maintenance-windows/{data['id']}"
    assert data == {
        "id": data["id"],
        "title": "Upgrade",
        "startsAt": "2026-11-23T13:00:00.000Z",
        "endsAt": "2026-11-23T14:00:00.000Z",
        "rrule": "FREQ=WEEKLY;BYDAY=MO",
        "timezone": "Europe/Berlin",
        "monitorIds": [monitor],
        "status": "scheduled",
        "nextStartsAt": "2026-11-23T13:00:00.000Z",
        "createdAt": data["createdAt"],
        "updatedAt": data["updatedAt"],
    }
    assert (await api.get(f"/maintenance-windows/{data['id']}")).data == data


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_was_read_may_be_written_back_and_changed(api: Api, ctx: Context, method: str) -> None:
    monitor = (await new_monitor(ctx)).id
    path = f"/maintenance-windows/{(await new_maintenance_window(ctx, monitorIds=[monitor])).id}"
    before = (await api.get(path)).data

    same = (await api.call(method, path, before)).data
    other = (await api.call(method, path, {"title": "Cleaning", "monitorIds": None})).data

    assert same == before | {"updatedAt": same["updatedAt"]}
    assert other == before | {"title": "Cleaning", "monitorIds": [], "updatedAt": other["updatedAt"]}


async def test_all_faults_are_told_at_once_with_their_places(api: Api) -> None:
    body = {"startsAt": "tomorrow", "endsAt": "2026-11-23T14:00:00Z", "timezone": "Mars", "monitorIds": [1]}

    answer = await api.post("/maintenance-windows", body)

    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert answer.faults == {
        "title": "REQUIRED",
        "startsAt": "INVALID_VALUE",
        "timezone": "UNKNOWN_TIMEZONE",
        "monitorIds.0": "INVALID_TYPE",
    }


async def test_a_rule_we_do_not_take_is_told_why(api: Api) -> None:
    answer = await api.post("/maintenance-windows", {**HOUR, "rrule": "FREQ=MINUTELY"})

    [fault] = answer.error["details"]
    assert fault == {
        "field": "rrule",
        "code": "BAD_RRULE",
        "message": "FREQ must be one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY",
    }
    assert not await models.MaintenanceWindow.exists()


async def test_delete_answers_what_is_gone(api: Api, ctx: Context) -> None:
    id = (await new_maintenance_window(ctx)).id

    answer = await api.delete(f"/maintenance-windows/{id}")

    assert (answer.status, answer.data) == (200, {"id": id, "deleted": True})
    assert (await api.get(f"/maintenance-windows/{id}")).code == "MAINTENANCE_WINDOW_NOT_FOUND"


async def test_a_list_is_narrowed_by_status_monitor_and_q(api: Api, ctx: Context, clock: FakeClock) -> None:
    monitor = (await new_monitor(ctx)).id
    await new_maintenance_window(ctx, title="Upgrade")
    await new_maintenance_window(ctx, title="Update", monitorIds=[monitor])
    clock.move(3600)

    async def found(query: str) -> list[str]:
        return [window["title"] for window in (await api.get(f"/maintenance-windows?{query}")).data]

    assert await found("status=active") == ["Update", "Upgrade"]
    assert await found("status=ended") == []
    assert await found(f"monitorId={monitor}&q=UP") == ["Update"]
    assert (await api.get("/maintenance-windows?status=up")).faults == {"status": "INVALID_VALUE"}


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"title": "x"}), ("PATCH", {}), ("DELETE", None)])
async def test_what_is_not_ours_answers_like_what_is_not_there(
    api: Api, stranger: Context, method: str, body: Any
) -> None:
    theirs = (await new_maintenance_window(stranger)).id

    told = []
    for id in (UNKNOWN, theirs, "mnt_x", "mon_01h455vb4pex5vsknk084sn02q"):
        answer = await api.call(method, f"/maintenance-windows/{id}", body)
        request_id = answer.headers["X-Request-Id"]
        told.append((answer.status, str(answer.body).replace(id, "…").replace(request_id, "…")))

    assert told == [told[0]] * 4
    assert told[0][0] == 404
    assert (await models.MaintenanceWindow.get()).title == "Upgrade"
