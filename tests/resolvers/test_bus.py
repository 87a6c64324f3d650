"""The receiving end, without a transport around it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from uuid import UUID

import pytest
from redis.asyncio import Redis

from is0k.resolvers.announcer import Announcer, IncidentChange, channel, message
from is0k.resolvers.bus import LONGEST_QUEUE, Bus
from is0k.resolvers.context import Actor
from is0k.schema.enums import Scope
from is0k.schema.errors import ServiceUnavailable
from is0k.schema.graphql_errors import SubscriberTooSlow
from is0k.schema.ids import uuid7
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.valkey import Valkey
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio


class Scene:
    def __init__(self, url: str) -> None:
        self.bus = Bus(url, FakeClock(), silence_seconds=0.1)
        self.announcer, self.redis = Announcer(url), Redis.from_url(url, socket_timeout=5)

    async def followed(self, *organization_ids: UUID) -> None:
        """Exactly these."""
        wanted = {channel(id).encode() for id in organization_ids}

        async def seen() -> bool:
            return set(await self.redis.pubsub_channels("is0k:events:*")) == wanted

        await until(f"{len(wanted)} channels are followed", seen, 10)

    def tell(self, organization_id: UUID, *monitor_ids: UUID) -> None:
        self.announcer.announce([(organization_id, message(incidents=[IncidentChange(uuid7(), monitor_ids)]))])

    async def connections(self) -> int:
        return len(await self.redis.client_list(_type="pubsub"))

    async def close(self) -> None:
        await self.bus.close()
        await self.announcer.close()
        await self.redis.aclose()


@pytest.fixture
async def scene(valkey: Valkey) -> AsyncIterator[Scene]:
    scene = Scene(valkey.url)
    yield scene
    await scene.close()


def someone(organization_id: UUID) -> Actor:
    return Actor(organization_id, Scope.READ)


async def test_one_connection_follows_those_somebody_listens_to(scene: Scene) -> None:
    ours, theirs = uuid7(), uuid7()
    for _ in range(3):
        with ExitStack() as stack:
            for organization_id in (ours, theirs, ours):
                stack.enter_context(scene.bus.listening(someone(organization_id), "incidents"))
            await scene.followed(ours, theirs)
            assert await scene.connections() == 1
            with scene.bus.listening(someone(uuid7()), "incidents"):
                await asyncio.sleep(0)
            await scene.followed(ours, theirs)
        await scene.followed()

        async def none() -> bool:
            return await scene.connections() == 0

        await until("the connection is closed", none, 5)


async def test_coming_and_going_at_once_leaves_one_connection(scene: Scene) -> None:
    ours = uuid7()
    for turn in range(50):
        with scene.bus.listening(someone(ours), "incidents"):
            await asyncio.sleep(0.001 * (turn % 4))
    with scene.bus.listening(someone(ours), "incidents") as listener:

        async def one() -> bool:
            return await scene.connections() == 1

        await scene.followed(ours)
        await until("one connection is left", one, 5)
        scene.tell(ours)
        scene.tell(ours, ours)

        assert [(await listener.next()).incidents[0][1] for _ in range(2)] == [[], [ours]]


async def test_a_redis_that_falls_silent_is_left_and_found_again(scene: Scene, valkey: Valkey) -> None:
    ours = uuid7()
    with scene.bus.listening(someone(ours), "incidents") as listener:
        await scene.followed(ours)
        [before] = [client["id"] for client in await scene.redis.client_list(_type="pubsub")]
        await asyncio.sleep(0.5)
        # It answers when it is asked: silence alone is no reason to leave.
        assert [client["id"] for client in await scene.redis.client_list(_type="pubsub")] == [before]
        valkey.freeze()
        try:
            await asyncio.sleep(0.5)
        finally:
            valkey.thaw()

        async def is_another() -> bool:
            return {client["id"] for client in await scene.redis.client_list(_type="pubsub")}.isdisjoint({before})

        await until("the connection is another", is_another, 10)
        await scene.followed(ours)
        scene.tell(ours)

        assert len((await asyncio.wait_for(listener.next(), 10)).incidents) == 1


async def test_who_does_not_read_is_dropped_and_holds_up_no_other(scene: Scene) -> None:
    ours, monitor = uuid7(), uuid7()
    with (
        scene.bus.listening(someone(ours), "incidents") as slow,
        scene.bus.listening(someone(ours), "incidents") as quick,
        scene.bus.listening(someone(ours), "incidents", {monitor}) as other,
    ):
        await scene.followed(ours)
        for _ in range(LONGEST_QUEUE + 1):
            scene.tell(ours)
            await asyncio.wait_for(quick.next(), 5)

        with pytest.raises(SubscriberTooSlow):
            await slow.next()
        # What it did not ask for takes none of its room.
        assert scene.bus.listeners.count(other) == 1
        assert set(scene.bus.listeners) == {quick, other}


async def test_a_closed_bus_takes_nobody(scene: Scene) -> None:
    with scene.bus.listening(someone(uuid7()), "checks") as listener:
        scene.bus.end_all()
        with pytest.raises(ServiceUnavailable):
            await listener.next()
    with pytest.raises(ServiceUnavailable), scene.bus.listening(someone(uuid7()), "checks"):
        pass

    assert scene.bus.listeners == []
