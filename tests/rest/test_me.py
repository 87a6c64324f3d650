"""`/me` and `/regions`: what the caller may do, and where checks are made from."""

import pytest

from is0k.models.region import region_number, touch_region
from is0k.resolvers.context import Context
from is0k.resolvers.organizations import set_plan
from is0k.schema.enums import Plan
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_me_has_the_names_of_the_contract(api: Api, ctx: Context) -> None:
    await set_plan(ctx, Plan.BUSINESS, 700)
    await api.post("/monitors", {"name": "Shop", "type": "http", "url": "https://shop.example/"})

    me = (await api.get("/me")).data

    key = me["apiKey"]
    assert api.key is not None
    assert me == {
        "organization": {"id": me["organization"]["id"], "name": "Ours"},
        "plan": "business",
        "limits": {
            "requestsPerMinute": 700,
            "minIntervalSeconds": 10,
            "monitors": 500,
            "historyDays": 730,
            "monitorTypes": me["limits"]["monitorTypes"],
            "channelTypes": ["email", "slack", "discord", "telegram", "webhook", "sms"],
        },
        "usage": {"monitors": 1},
        "apiKey": {
            "id": key["id"],
            "name": "test",
            "scope": "admin",
            "hint": f"{api.key[:12]}…{api.key[-4:]}",
            "expiresAt": None,
            "lastUsedAt": "2026-11-23T12:00:00.000Z",
            "createdAt": key["createdAt"],
        },
    }
    assert me["organization"]["id"].startswith("org_")
    assert "http" in me["limits"]["monitorTypes"]


async def test_regions_are_a_plain_list(api: Api, clock: FakeClock) -> None:
    await touch_region(await region_number("eu"), clock.ms, "1.2.3", lag_ms=41)

    assert (await api.get("/regions")).data == [
        {
            "name": "eu",
            "isOnline": True,
            "lastSeenAt": "2026-11-23T12:00:00.000Z",
            "version": "1.2.3",
            "lagMs": 41,
            "isBlind": False,
            "monitorCount": 0,
        }
    ]
