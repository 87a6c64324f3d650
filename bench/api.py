"""Rows `api` and `heartbeat`: what a request costs the API process, authentication and database included.

One connection, one by one.
"""

from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from is0k.bench.installation import Installation
from is0k.bench.processes import Meter
from is0k.bench.rows import Figures
from is0k.tests.stage.api import Api
from is0k.tests.stage.processes import Process
from is0k.tests.stage.product import calling

MONITORS = 100
REQUESTS = 300
WARM_UP = 50

FIELDS = "id name type status paused intervalSeconds timeoutSeconds retries lastCheckedAt lastLatencyMs"
ONE = f"query ($id: ID!) {{ monitor(id: $id) {{ {FIELDS} }} }}"
MANY = f"{{ monitors(first: {MONITORS}) {{ edges {{ node {{ {FIELDS} }} }} }} }}"

HEARTBEAT: dict[str, Any] = {"type": "heartbeat", "periodSeconds": 3_600}
PING = "CPU per ping, API, ms"

Ask = Callable[[], Awaitable[object]]


class ApiRow:
    name = "API"

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def prepare(self) -> None:
        await self._installation.prepare()

    async def measure(self) -> Figures:
        async with self._installation.running() as product, calling(product, self._installation.key) as api:
            process = product.part("api")
            assert process is not None
            return {name: await cost_ms(process, ask) for name, ask in (await self._questions(api)).items()}

    async def _questions(self, api: Api) -> dict[str, Ask]:
        return await questions(api)


class Pings(ApiRow):
    """Jobs that call in turn: a single one may not call as often."""

    name = "heartbeat pings"

    async def _questions(self, api: Api) -> dict[str, Ask]:
        monitors = (await api.get(f"/monitors?limit={MONITORS}")).data
        paths = cycle([urlsplit(monitor["pingUrl"]).path for monitor in monitors])

        async def ping() -> None:
            async with api.session.get(api.url + next(paths)) as response:
                assert await response.text() == "OK"

        return {PING: ping}


async def questions(api: Api) -> dict[str, Ask]:
    monitors = (await api.get(f"/monitors?limit={MONITORS}")).data
    assert len(monitors) == MONITORS
    assert (await api.graphql(MANY)).keys() == {"data"}
    id = monitors[0]["id"]
    return {
        "REST, list of 100, CPU ms": lambda: api.get(f"/monitors?limit={MONITORS}"),
        "GraphQL, 1 × 10 fields, CPU ms": lambda: api.graphql(ONE, id=id),
        "GraphQL, 100 × 10 fields, CPU ms": lambda: api.graphql(MANY),
    }


async def cost_ms(process: Process, ask: Ask) -> float:
    for _ in range(WARM_UP):
        await ask()
    meter = Meter([process])
    for _ in range(REQUESTS):
        await ask()
    return meter.cpu_ms()["api"] / REQUESTS
