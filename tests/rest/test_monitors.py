"""Monitors over REST: routes, envelope, faults."""

import pytest

from is0k.tests.stage.api import Api

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}


async def test_create_answers_201_with_the_monitor_and_where_it_is(api: Api) -> None:
    answer = await api.post("/monitors", SHOP)

    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/monitors/{answer.data['id']}"
    assert answer.data["name"] == "Shop"
    assert answer.data["status"] == "pending"
    assert answer.data["url"] == "https://shop.example/health"
    assert answer.data["intervalSeconds"] == 60
    assert answer.data["expectedStatus"] == 200
