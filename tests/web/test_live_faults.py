"""Live events when things go wrong: Redis dies, clients are slow or vanish, keys are deleted or expire."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from is0k import models
from is0k.resolvers.announcer import channel
from is0k.resolvers.api_keys import delete_api_key, list_api_keys
from is0k.resolvers.bus import LONGEST_QUEUE, Bus
from is0k.resolvers.context import Context
from is0k.tests.jobs.scene import ILL, finding
from is0k.tests.stage.api import Api, key_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.live import CHECKS, Client, Newsroom, connected
from is0k.tests.stage.people import new_monitor
from is0k.tests.stage.valkey import Valkey
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio

LONG = replace(ILL, message="x" * 100_000)


async def test_a_subscription_outlives_a_restart_of_redis(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, valkey: Valkey, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    async with connected(api) as client:
        await client.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        valkey.kill()
        try:
            # Nobody hears of this one, and nobody waits for Redis to store it.
            await newsroom.record(finding(shop.number, clock.ms))
            await newsroom.announcer.settle()
        finally:
            valkey.start()
        await newsroom.followed(ctx)
        await newsroom.record(finding(shop.number, clock.ms + 1_000, ILL))
        await client.subscribe("2", "{ monitors { edges { node { lastCheckedAt } } } }")

        assert await client.next("1") == {"monitorId": shop.id, "status": "DOWN", "latencyMs": 9.25}
        [edge] = (await client.next("2"))["edges"]
        assert edge["node"]["lastCheckedAt"] == "2026-11-23T12:00:01.003Z"
        assert (await client.hear("2"))["type"] == "complete"
        assert len(bus.listeners) == 1
        with pytest.raises(TimeoutError):
            await client.receive(0.2)


async def test_who_subscribes_while_redis_is_away_hears_when_it_is_back(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, valkey: Valkey, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    valkey.kill()
    try:
        async with connected(api) as client:
            await client.subscribe("1", CHECKS)
            await client.subscribe("2", "{ __typename }")
            assert await client.next("2") == "Query"
            valkey.start()
            await newsroom.followed(ctx)
            await newsroom.record(finding(shop.number, clock.ms))

            assert (await client.next("1"))["monitorId"] == shop.id
    finally:
        if not valkey.answers():
            valkey.start()


async def test_a_connection_that_redis_cuts_is_made_again(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    async with connected(api) as client:
        await client.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        assert await newsroom.redis.client_kill_filter(_type="pubsub") == 1
        await newsroom.left(ctx)
        await newsroom.followed(ctx)
        await newsroom.record(finding(shop.number, clock.ms))

        assert (await client.next("1"))["monitorId"] == shop.id


async def test_who_reads_too_slowly_is_dropped_and_told(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    await newsroom.record(finding(shop.number, clock.ms))
    async with connected(api) as slow, connected(api) as quick:
        await slow.subscribe("1", "subscription { checkRecorded { message } }")
        await quick.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        with _not_reading(slow):
            heard = await _flood(newsroom, quick, bus, shop.number, clock)
            assert heard > LONGEST_QUEUE
            assert len(bus.listeners) == 1
        while "errors" not in (answer := await slow.hear("1"))["payload"]:
            assert answer["payload"]["data"] == {"checkRecorded": {"message": LONG.message}}

        assert answer["payload"]["errors"][0]["extensions"]["code"] == "SUBSCRIBER_TOO_SLOW"
        assert (await slow.hear("1"))["type"] == "complete"


@contextmanager
def _not_reading(client: Client) -> Iterator[None]:
    transport: Any = client.socket._response.connection.transport  # type: ignore[union-attr]
    transport.pause_reading()
    yield
    transport.resume_reading()


async def _flood(newsroom: Newsroom, quick: Client, bus: Bus, number: int, clock: FakeClock) -> int:
    """Checks until one of the two listeners is dropped; how many the quick one has heard of."""
    heard = 0
    while len(bus.listeners) == 2:
        assert heard < 1_000
        heard += 1
        await newsroom.record(finding(number, clock.ms + heard, LONG))
        assert (await quick.next("1"))["status"] == "DOWN"
    return heard


async def test_a_deleted_key_ends_its_subscriptions_within_a_second(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    kept = api.with_key(await key_of(ctx))
    async with connected(api) as client, connected(kept) as other:
        for one in (client, other):
            await one.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        await delete_api_key(ctx, (await list_api_keys(ctx))[-1].id)
        deleted_at = time.monotonic()
        answer = await client.hear("1")

        # A second is promised; the rest is what a machine that does much else may take.
        assert time.monotonic() - deleted_at < 1.5
        assert answer["payload"]["errors"][0]["extensions"]["code"] == "INVALID_API_KEY"
        assert [listener.actor.key_id for listener in bus.listeners] == [(await models.ApiKey.get()).id]


async def test_a_key_that_expires_ends_its_subscriptions(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    await models.ApiKey.all().update(expires_at=clock.now() + timedelta(minutes=1))
    async with connected(api) as client:
        await client.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        clock.move(61)

        assert (await client.hear("1"))["payload"]["errors"][0]["extensions"]["code"] == "INVALID_API_KEY"


async def test_a_deleted_key_ends_its_subscriptions_when_redis_is_away_too(
    api: Api, ctx: Context, bus: Bus, valkey: Valkey
) -> None:
    valkey.kill()
    try:
        async with connected(api) as client:
            await client.subscribe("1", CHECKS)
            await client.subscribe("2", "{ __typename }")
            await client.next("2")
            await models.ApiKey.all().delete()

            assert (await client.hear("1"))["payload"]["errors"][0]["extensions"]["code"] == "INVALID_API_KEY"
    finally:
        valkey.start()


@pytest.mark.parametrize("how", ["complete", "close", "abort"])
async def test_who_goes_leaves_nothing_behind(api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, how: str) -> None:
    async with connected(api) as client:
        await client.subscribe("0", "{ __typename }")
        await client.next("0")
        before = len(asyncio.all_tasks())
        for id in ("1", "2"):
            await client.subscribe(id, CHECKS)
        await newsroom.followed(ctx)
        assert len(asyncio.all_tasks()) > before
        if how == "complete":
            for id in ("1", "2"):
                await client.say("complete", id=id)
        elif how == "close":
            await client.socket.close()
        else:
            client.socket._response.connection.transport.abort()  # type: ignore[union-attr]
        await newsroom.left(ctx)

    assert bus.listeners == []

    async def as_before() -> bool:
        return len(asyncio.all_tasks()) <= before

    await until("no task is left", as_before, 5)


async def test_redis_is_not_asked_while_nobody_listens(
    api: Api, ctx: Context, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    await newsroom.record(finding(shop.number, clock.ms))
    await newsroom.announcer.settle()

    assert await newsroom.redis.pubsub_channels() == []
    assert await newsroom.redis.client_list(_type="pubsub") == []


async def test_what_nobody_understands_is_passed_over(
    api: Api, ctx: Context, bus: Bus, newsroom: Newsroom, clock: FakeClock
) -> None:
    shop = await new_monitor(ctx)
    async with connected(api) as client:
        await client.subscribe("1", CHECKS)
        await newsroom.followed(ctx)
        for body in (b"", b"{}", b"[]", b'{"region": null, "checks": [["x"]], "changes": [], "incidents": []}'):
            assert await newsroom.redis.publish(channel(ctx.organization_id), body) == 1
        await newsroom.record(finding(shop.number, clock.ms))

        assert (await client.next("1"))["monitorId"] == shop.id
