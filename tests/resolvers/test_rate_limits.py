"""A Redis that is away, slow, or new: nobody waits long, nobody gets through for nothing, and it is asked again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from is0k.resolvers.rate_limits import LOG_SECONDS, RETRY_SECONDS, RateLimiter
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio


class Seconds:
    """Time that only goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def redis(valkey: Valkey) -> AsyncIterator[Any]:
    async with Redis.from_url(valkey.url) as redis:
        await redis.flushall()
        yield redis


async def remaining(limiter: RateLimiter, limit: int = 10) -> int:
    return (await limiter.charge("key:1", limit)).remaining


async def test_two_processes_count_together(redis: Any, clock: FakeClock) -> None:
    one, other = RateLimiter(clock, redis), RateLimiter(clock, redis)

    assert [await remaining(limiter) for limiter in (one, other, one, other)] == [9, 8, 7, 6]


async def test_what_is_refused_costs_nothing(redis: Any, clock: FakeClock) -> None:
    limiter = RateLimiter(clock, redis)
    for _ in range(5):
        await limiter.charge("key:1", 1)

    assert await redis.get(f"is0k:rate:key:1:{clock.ms // 60_000}") == b"1"


async def test_a_key_of_redis_ends_with_its_window(redis: Any, clock: FakeClock) -> None:
    clock.move(30)
    await RateLimiter(clock, redis).charge("key:1", 10)

    [key] = await redis.keys()
    assert 30_000 < await redis.pttl(key) <= 35_000


async def test_a_redis_that_has_forgotten_the_script_is_told_it_again(redis: Any, clock: FakeClock) -> None:
    limiter = RateLimiter(clock, redis)
    await remaining(limiter)
    await redis.script_flush()

    assert await remaining(limiter) == 8


async def test_a_higher_limit_counts_at_once_and_a_lower_one_too(redis: Any, clock: FakeClock) -> None:
    limiter = RateLimiter(clock, redis)

    assert [await remaining(limiter, limit) for limit in (2, 5, 5, 2)] == [1, 3, 2, 0]


async def test_without_redis_the_limit_holds_in_each_process_and_one_line_a_minute_says_so(
    clock: FakeClock, seconds: Seconds, tmp_path: Path
) -> None:
    async with Redis.from_url(f"unix://{tmp_path}/nothing") as redis:
        limiter = RateLimiter(clock, redis, seconds)
        with capture_logs() as log:
            told = [(await limiter.charge("key:1", 2)).is_accepted for _ in range(4)]
            seconds.now += LOG_SECONDS - 1
            await remaining(limiter)
            assert len(log) == 1
            seconds.now += RETRY_SECONDS
            await remaining(limiter)

    assert told == [True, True, False, False]
    assert [entry["event"] for entry in log] == ["Redis is away: rate limits are counted per process"] * 2
    assert "/nothing" in log[0]["error"]


async def test_it_goes_on_from_what_it_has_seen_and_brings_its_count_back(
    clock: FakeClock, seconds: Seconds, tmp_path: Path
) -> None:
    server = Valkey(tmp_path)
    async with Redis.from_url(server.url) as redis:
        limiter = RateLimiter(clock, redis, seconds)
        told = [await remaining(limiter) for _ in range(2)]
        server.kill()
        told += [await remaining(limiter) for _ in range(2)]
        server.start()
        server.flush()
        seconds.now += RETRY_SECONDS
        with capture_logs() as log:
            told += [await remaining(limiter) for _ in range(2)]
        seen_by_another = await remaining(RateLimiter(clock, redis))
    server.kill()

    assert told == [9, 8, 7, 6, 5, 4]
    assert seen_by_another == 3
    assert [entry["event"] for entry in log] == ["rate limits are shared again"]


@pytest.fixture
async def silent_redis() -> AsyncIterator[tuple[Any, list[bytes]]]:
    """It takes a connection and what is asked, and says nothing more."""
    asked: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            asked.append(data)
            writer.write(b"+OK\r\n" * data.count(b"SETINFO"))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with Redis(host="127.0.0.1", port=server.sockets[0].getsockname()[1], protocol=2) as redis:
        yield redis, asked
    server.close()


async def test_a_redis_that_is_silent_costs_a_tenth_of_a_second_once_and_then_nothing(
    silent_redis: tuple[Any, list[bytes]], clock: FakeClock, seconds: Seconds
) -> None:
    redis, asked = silent_redis
    limiter, loop = RateLimiter(clock, redis, seconds), asyncio.get_running_loop()

    begun = loop.time()
    told = await asyncio.gather(*(limiter.charge("key:1", 30) for _ in range(20)))
    first_seconds = loop.time() - begun
    questions = len(asked)
    told += [await limiter.charge("key:1", 30) for _ in range(20)]

    assert [allowance.is_accepted for allowance in told] == [True] * 30 + [False] * 10
    assert 0.1 <= first_seconds < 1
    assert len(asked) == questions


async def test_while_redis_is_away_one_request_a_second_tries_it(
    silent_redis: tuple[Any, list[bytes]], clock: FakeClock, seconds: Seconds
) -> None:
    redis, asked = silent_redis
    limiter = RateLimiter(clock, redis, seconds)
    await limiter.charge("key:1", 100)
    asked.clear()

    seconds.now += RETRY_SECONDS
    await asyncio.gather(*(limiter.charge("key:1", 100) for _ in range(20)))

    assert b"".join(asked).count(b"is0k:rate:key:1") == 1


async def test_one_that_hangs_up_while_it_waits_takes_nobody_along(redis: Any, clock: FakeClock) -> None:
    limiter = RateLimiter(clock, redis)
    asked = [asyncio.create_task(limiter.charge("key:1", 10)) for _ in range(3)]
    await asyncio.sleep(0)
    asked[0].cancel()

    told = await asyncio.gather(*asked, return_exceptions=True)

    assert isinstance(told[0], asyncio.CancelledError)
    assert [allowance.remaining for allowance in told[1:] if not isinstance(allowance, BaseException)] == [8, 7]
