"""The sending end: in order, in one go, and never a burden when Redis is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from structlog.testing import capture_logs

from is0k.resolvers.announcer import Announcer, channel
from is0k.schema.ids import uuid7
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio

OURS, THEIRS = uuid7(), uuid7()


@pytest.fixture
async def announcer(valkey: Valkey) -> AsyncIterator[Announcer]:
    announcer = Announcer(valkey.url, send_seconds=0.2)
    yield announcer
    await announcer.close()


@pytest.fixture
async def ours(valkey: Valkey) -> AsyncIterator[PubSub]:
    async with Redis.from_url(valkey.url) as redis, redis.pubsub() as pubsub:
        await pubsub.subscribe(channel(OURS))
        assert (await pubsub.get_message(timeout=5) or {})["type"] == "subscribe"
        yield pubsub


async def heard(pubsub: PubSub, count: int) -> list[bytes]:
    return [(await pubsub.get_message(timeout=5) or {})["data"] for _ in range(count)]


async def test_messages_arrive_in_their_order_and_only_where_they_belong(announcer: Announcer, ours: PubSub) -> None:
    announcer.announce([(OURS, b"1"), (THEIRS, b"x"), (OURS, b"2")])
    announcer.announce([(OURS, b"3")])
    await announcer.settle()
    announcer.announce([(OURS, b"4")])

    assert await heard(ours, 4) == [b"1", b"2", b"3", b"4"]


async def test_nothing_to_tell_opens_no_connection(announcer: Announcer, ours: PubSub, valkey: Valkey) -> None:
    async with Redis.from_url(valkey.url) as redis:
        before = len(await redis.client_list())
        announcer.announce([])
        await announcer.settle()

        assert len(await redis.client_list()) == before


async def test_a_redis_that_is_away_is_complained_of_once_a_minute(tmp_path: Path) -> None:
    announcer = Announcer(f"unix://{tmp_path / 'nowhere.sock'}")
    with capture_logs() as logs:
        for _ in range(3):
            announcer.announce([(OURS, b"1"), (OURS, b"2")])
            await announcer.settle()
    await announcer.close()

    assert [(line["event"], line["messages"]) for line in logs] == [
        ("live events are dropped, Redis does not take them", 2)
    ]


async def test_a_redis_that_does_not_answer_holds_up_nobody_and_keeps_nothing(
    announcer: Announcer, ours: PubSub, valkey: Valkey
) -> None:
    valkey.freeze()
    try:
        began_at = time.monotonic()
        announcer.announce([(OURS, b"lost")])
        assert time.monotonic() - began_at < 0.1
        await asyncio.sleep(0)
        announcer.announce([(OURS, b"lost too")])
        with capture_logs() as logs:
            await announcer.settle()
        assert time.monotonic() - began_at < 2
    finally:
        valkey.thaw()
    assert [line["messages"] for line in logs] == [1]
    announcer.announce([(OURS, b"later")])
    await announcer.settle()

    # What was written to the socket may still arrive; it is not sent again, and nothing stays behind.
    arrived = await heard(ours, 1)
    while arrived[-1] != b"later":
        arrived += await heard(ours, 1)
    assert len(arrived) == len(set(arrived))


async def test_what_comes_when_the_last_has_just_gone_is_sent_too(announcer: Announcer, ours: PubSub) -> None:
    for number in range(200):
        announcer.announce([(OURS, str(number).encode())])
        await asyncio.sleep(0.001 * (number % 3))

    assert await heard(ours, 200) == [str(number).encode() for number in range(200)]
