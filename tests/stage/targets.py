"""Servers of each kind at one address, until somebody ends them: `python -m is0k.tests.stage.targets 127.0.0.2`."""

import asyncio
import sys
from contextlib import AsyncExitStack

from is0k.tests.probes.name_server import NameServer, says
from is0k.tests.stage.shop import Shop

# Free in every new network. The last one listening is what shows that all do.
HTTP, SLOW_HTTP, DNS = 8080, 8081, 8053
SLOW_SECONDS = 0.5
NAME, ADDRESS = "shop.example", "192.0.2.1"


async def serve(host: str) -> None:
    slow = Shop(host=host, port=SLOW_HTTP)
    slow.delay_seconds = SLOW_SECONDS
    name_server = NameServer(says(f"{NAME}. 60 IN A {ADDRESS}"), host=host, port=DNS)
    async with AsyncExitStack() as stack:
        for server in (slow, name_server, Shop(host=host, port=HTTP)):
            await stack.enter_async_context(server)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
