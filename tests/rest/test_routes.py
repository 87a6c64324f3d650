"""The contract's table of routes, row by row."""

import asyncio
from typing import Any

import pytest

from is0k.models.monitor_state import claim
from is0k.rest.routes import ROWS
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import check, remember
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
UPGRADE = {"title": "Upgrade", "startsAt": "2026-11-23T13:00:00Z", "endsAt": "2026-11-23T14:00:00Z"}
# Method, path, status, body.
CONTRACT: list[tuple[str, str, int, Any]] = [
    ("GET", "/monitors", 200, None),
    ("POST", "/monitors", 201, SHOP),
    ("GET", "/monitors/{id}", 200, None),
    ("PUT", "/monitors/{id}", 200, {"name": "Blog"}),
    ("PATCH", "/monitors/{id}", 200, {"name": "Blog"}),
    ("DELETE", "/monitors/{id}", 200, None),
    ("POST", "/monitors/{id}/pause", 200, None),
    ("POST", "/monitors/{id}/resume", 200, None),
    ("GET", "/monitors/{id}/checks", 200, None),
    ("GET", "/monitors/{id}/stats", 200, None),
    ("GET", "/monitors/{id}/incidents", 200, None),
    ("POST", "/monitors/{id}/check", 200, None),
    ("GET", "/incidents", 200, None),
    ("POST", "/incidents", 201, {"title": "Shop is slow"}),
    ("GET", "/incidents/{id}", 200, None),
    ("PUT", "/incidents/{id}", 200, {"title": "Shop was slow"}),
    ("PATCH", "/incidents/{id}", 200, {"title": "Shop was slow"}),
    ("DELETE", "/incidents/{id}", 200, None),
    ("POST", "/incidents/{id}/updates", 201, {"message": "A disk is full"}),
    ("GET", "/status-pages", 200, None),
    ("POST", "/status-pages", 201, {"name": "Blog"}),
    ("GET", "/status-pages/{id}", 200, None),
    ("PUT", "/status-pages/{id}", 200, {"name": "Blog"}),
    ("PATCH", "/status-pages/{id}", 200, {"name": "Blog"}),
    ("DELETE", "/status-pages/{id}", 200, None),
    ("GET", "/maintenance-windows", 200, None),
    ("POST", "/maintenance-windows", 201, UPGRADE),
    ("GET", "/maintenance-windows/{id}", 200, None),
    ("PUT", "/maintenance-windows/{id}", 200, {"title": "Repair"}),
    ("PATCH", "/maintenance-windows/{id}", 200, {"title": "Repair"}),
    ("DELETE", "/maintenance-windows/{id}", 200, None),
    ("GET", "/regions", 200, None),
    ("GET", "/me", 200, None),
]
# Tested in test_alert_channels.py: the routes that have another noun's id, or that reach out.
CHANNELS = {
    ("GET", "/alert-channels", 200),
    ("POST", "/alert-channels", 201),
    ("GET", "/alert-channels/{id}", 200),
    ("PUT", "/alert-channels/{id}", 200),
    ("PATCH", "/alert-channels/{id}", 200),
    ("DELETE", "/alert-channels/{id}", 200),
    ("POST", "/alert-channels/{id}/test", 200),
    ("GET", "/deliveries", 200),
    ("POST", "/deliveries/{id}/replay", 200),
}


def test_the_table_is_that_of_the_contract() -> None:
    assert {(row.method, row.path, row.status) for row in ROWS} >= {row[:3] for row in CONTRACT} | CHANNELS


@pytest.mark.parametrize(("method", "path", "status", "body"), CONTRACT)
async def test_a_route_answers_with_its_status_in_the_envelope(
    api: Api, clock: FakeClock, method: str, path: str, status: int, body: Any
) -> None:
    ids = {"monitors": (await api.post("/monitors", SHOP)).data["id"]}
    ids["incidents"] = (await api.post("/incidents", {"title": "Shop is slow"})).data["id"]
    ids["status-pages"] = (await api.post("/status-pages", {"name": "Shop"})).data["id"]
    ids["maintenance-windows"] = (await api.post("/maintenance-windows", UPGRADE)).data["id"]
    id = ids.get(path.split("/")[1])

    answer, _ = await asyncio.gather(api.call(method, path.format(id=id), body), work(clock))

    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.body) == ["data", "error"]
    assert answer.body["error"] is None


async def work(clock: FakeClock) -> None:
    """A worker that makes the first check."""

    async def claimed() -> list[Any]:
        return await claim(clock.ms, clock.ms, 10)

    for row in await until("something is due", claimed, 5):
        await remember(check(row["number"], row["slot_at"]))
