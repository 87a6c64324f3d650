"""Live events of an installation: an outage is heard of as it happens, and those who listen do not hold up its end."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType

from is0k.tests.stage.api import Api
from is0k.tests.stage.live import CHANGES, CHECKS, INCIDENTS, Client, connected, streaming
from is0k.tests.stage.processes import Process
from is0k.tests.stage.product import Product, calling, new_monitor, running
from is0k.tests.stage.shop import Shop
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

PATIENCE_SECONDS = 15


@pytest.mark.timeout(60)
async def test_whoever_listens_hears_of_an_outage_and_of_its_end(api: Api) -> None:
    async with Shop() as shop, connected(api) as client:
        shop.status = 503
        await client.subscribe("checks", CHECKS)
        await client.subscribe("changes", CHANGES)
        await client.subscribe("incidents", INCIDENTS)
        # Over the same connection, so that the subscriptions are there before it.
        id = await _new_monitor(client, shop.url)
        check = await client.next("checks", PATIENCE_SECONDS)
        down, opened = await _both(client)
        shop.status = 200
        up, resolved = await _both(client)

    assert (check["monitorId"], check["status"]) == (id, "DOWN")
    assert (down["monitor"]["id"], down["from"], down["to"], down["reason"]) == (id, "PENDING", "DOWN", "BAD_STATUS")
    assert (up["from"], up["to"], up["reason"]) == ("DOWN", "UP", "OK")
    assert (opened["status"], opened["monitorIds"]) == ("INVESTIGATING", [id])
    assert (resolved["status"], resolved["title"]) == ("RESOLVED", "Shop is down")


async def _new_monitor(client: Client, url: str) -> str:
    http = f'{{http: {{url: "{url}"}}}}'
    fields = f'name: "Shop", intervalSeconds: 5, retries: 0, settings: {http}'
    await client.subscribe("new", f"mutation {{ createMonitor(input: {{{fields}}}) {{ monitor {{ id }} }} }}")
    return str((await client.next("new"))["monitor"]["id"])


async def _both(client: Client) -> tuple[Any, Any]:
    return await client.next("changes", PATIENCE_SECONDS), await client.next("incidents", PATIENCE_SECONDS)


@pytest.mark.timeout(60)
async def test_open_subscriptions_do_not_hold_up_the_end(tmp_path: Path) -> None:
    async with (
        running(Product(tmp_path)) as product,
        calling(product) as api,
        Shop() as shop,
        connected(api) as client,
        streaming(api, CHECKS) as stream,
    ):
        await client.subscribe("1", CHECKS)
        await new_monitor(api, shop.url)
        # Both have begun before they are asked to end.
        await client.next("1", PATIENCE_SECONDS)
        assert (await stream.event())[0] == "next"
        api_process = product.part("api")
        began_at = time.monotonic()
        assert api_process
        api_process.terminate()
        await until("the API has ended", lambda: _is_gone(product, api_process), 5)
        took_seconds = time.monotonic() - began_at

        while (event := await stream.event())[0] == "next" and "errors" not in event[1]:
            pass
        assert event[1]["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert await asyncio.wait_for(_closed(client), 5) == 1012
    # Four are what connections that do not end by themselves would be given.
    assert took_seconds < 2


async def _is_gone(product: Product, process: Process) -> bool:
    return process.pid not in {found.pid for found in product.processes}


async def _closed(client: Client) -> object:
    """The code of the end, whatever came before."""
    while (message := await client.socket.receive()).type is not WSMsgType.CLOSE:
        assert message.type is WSMsgType.TEXT, message
    return message.data
