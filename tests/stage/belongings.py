"""One of each noun, made the way people make them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from is0k.tests.stage.api import Api

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
# Nobody may connect to it: every delivery fails at once.
HOOK = {"name": "Hook", "type": "webhook", "url": "https://10.0.0.1/hook"}


async def one_of_each(api: Api) -> dict[str, str]:
    """The ids, by their prefix."""
    monitor = await made(api, "/monitors", SHOP)
    channel = await made(api, "/alert-channels", HOOK)
    components = [{"name": "Shop", "monitorIds": [monitor["id"]]}]
    page = await made(api, "/status-pages", {"name": "Status", "components": components})
    outage = {"title": "Slow", "monitorIds": [monitor["id"]], "statusPageIds": [page["id"]], "message": "We look"}
    incident = await made(api, "/incidents", outage)
    start = datetime(2026, 12, 1, tzinfo=UTC)
    times = {"startsAt": start.isoformat(), "endsAt": (start + timedelta(hours=1)).isoformat()}
    window = await made(api, "/maintenance-windows", {"title": "Move", "monitorIds": [monitor["id"]], **times})
    await api.post(f"/alert-channels/{channel['id']}/test")
    [delivery] = (await api.get("/deliveries")).data
    key = await api.graphql('mutation { createApiKey(input: {name: "second"}) { newApiKey { apiKey { id } } } }')
    nouns = [monitor, channel, page, incident, window, delivery, page["components"][0]]
    nouns.append(key["data"]["createApiKey"]["newApiKey"]["apiKey"])
    return {noun["id"].partition("_")[0]: noun["id"] for noun in nouns}


async def made(api: Api, path: str, body: Any) -> Any:
    answer = await api.post(path, body)
    assert answer.status == 201, answer.body
    return answer.data
