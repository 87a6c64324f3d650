"""A client of live events that knows the protocols, and checks that are stored and told of as a worker does it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from redis.asyncio import Redis

from is0k.jobs.announcements import announcements
from is0k.jobs.checker import Finding
from is0k.jobs.monitor_file import MonitorFile, Place
from is0k.jobs.writer import write
from is0k.models.region import region_number
from is0k.resolvers.announcer import Announcer, channel
from is0k.resolvers.context import Context
from is0k.tests.stage.api import Api
from is0k.tests.stage.waiting import until

PROTOCOL = "graphql-transport-ws"
CHECKS = "subscription ($ids: [ID!]) { checkRecorded(monitorIds: $ids) { monitorId status latencyMs } }"
CHANGES = "subscription ($ids: [ID!]) { monitorStatusChanged(monitorIds: $ids) { monitor { id } from to reason at } }"
INCIDENTS = "subscription ($ids: [ID!]) { incidentChanged(monitorIds: $ids) { title status monitorIds } }"


class Client:
    """One WebSocket, its messages sorted by subscription."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._kept: dict[str, list[Any]] = {}

    async def say(self, type: str, **rest: Any) -> None:
        await self.socket.send_json({"type": type, **rest})

    async def subscribe(self, id: str, query: str, **variables: Any) -> None:
        await self.say("subscribe", id=id, payload={"query": query, "variables": variables})

    async def hear(self, id: str, seconds: float = 20) -> Any:
        """The next message to that subscription."""
        while not self._kept.get(id):
            message = await self.receive(seconds)
            self._kept.setdefault(message["id"], []).append(message)
        return self._kept[id].pop(0)

    async def next(self, id: str, seconds: float = 20) -> Any:
        """What the next event says, in the one field that was asked for."""
        message = await self.hear(id, seconds)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        [value] = message["payload"]["data"].values()
        return value

    async def receive(self, seconds: float = 20) -> Any:
        return await self.socket.receive_json(timeout=seconds)

    async def closed(self, seconds: float = 20) -> tuple[int | None, str]:
        """With which code, and in which words."""
        message = await self.socket.receive(seconds)
        assert message.type is aiohttp.WSMsgType.CLOSE, message
        return message.data, message.extra or ""


@asynccontextmanager
async def opened(api: Api, **options: Any) -> AsyncIterator[Client]:
    """A connection that has said nothing yet."""
    options = {"protocols": [PROTOCOL], "max_msg_size": 0, **options}
    async with api.session.ws_connect(f"{api.url}/graphql", **options) as socket:
        yield Client(socket)


@asynccontextmanager
async def connected(api: Api, **options: Any) -> AsyncIterator[Client]:
    """A connection that has shown its key, as programs do."""
    async with opened(api, headers={"Authorization": f"Bearer {api.key}"}, **options) as client:
        await client.say("connection_init")
        assert await client.receive() == {"type": "connection_ack"}
        yield client


class Stream:
    """The answer of `/graphql/stream`."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def block(self) -> str:
        """What stands before the next empty line: an event or a comment."""
        async with asyncio.timeout(5):
            return (await self.response.content.readuntil(b"\r\n\r\n")).decode().strip()

    async def event(self) -> tuple[str, Any]:
        """Its name and its data."""
        name, data = (line.partition(":")[2].strip() for line in (await self.block()).split("\r\n"))
        return name, orjson.loads(data) if data else None


@asynccontextmanager
async def streaming(api: Api, query: str, **variables: Any) -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {api.key}"} if api.key else {}
    body = {"query": query, "variables": variables}
    async with api.session.post(f"{api.url}/graphql/stream", json=body, headers=headers) as response:
        yield Stream(response)


class Newsroom:
    """Stores findings and tells of them, as the writer of a worker does; knows who has asked Redis for news."""

    def __init__(self, url: str) -> None:
        self.redis = Redis.from_url(url, socket_timeout=2)
        self.announcer = Announcer(url)

    async def record(self, *findings: Finding) -> None:
        self.tell(await self.store(*findings))

    async def store(self, *findings: Finding) -> Sequence[MonitorFile]:
        return await write(findings, Place(await region_number("default"), "default"))

    def tell(self, files: Sequence[MonitorFile]) -> None:
        self.announcer.announce(announcements(files, "default"))

    async def followers(self, ctx: Context) -> int:
        """How many processes hear of this organization."""
        [(_, count)] = await self.redis.pubsub_numsub(channel(ctx.organization_id))
        return int(count)

    async def followed(self, ctx: Context, seconds: float = 20) -> None:
        async def is_followed() -> bool:
            return await self.followers(ctx) == 1

        await until("Redis was asked for the organization's news", is_followed, seconds)

    async def left(self, ctx: Context) -> None:
        async def nobody() -> bool:
            return await self.followers(ctx) == 0

        await until("nobody hears of the organization any more", nobody, 5)

    async def close(self) -> None:
        await self.announcer.close()
        await self.redis.aclose()
