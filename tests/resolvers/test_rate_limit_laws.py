"""The laws of the rate limit, for the windows of one process and for those in Redis: at most the limit in a window,
what remains falls until the reset, what is refused is free, and no clock locks anybody out."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from is0k.resolvers.rate_limits import RateLimiter
from is0k.resolvers.windows import SLACK_MS, WINDOW_MS, Allowance, LocalWindows
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.valkey import Valkey

LIMITS = st.integers(1, 8)
# A minute is sixty: most steps stay in the window, some end it.
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 0.25, 1, 20, 59.999, 60, 200]), st.sampled_from("ab")), max_size=60
)
JUMPS = st.lists(st.sampled_from([-3_600, -61, -60, -30, -1, 0, 0, 0, 1, 30, 3_600]), max_size=40)
START = datetime(2026, 11, 23, 12, 0, 17, 250_000, tzinfo=UTC)

Story = Callable[[RateLimiter, FakeClock], Awaitable[list[Allowance]]]


def alone(story: Story) -> list[Allowance]:
    async def run() -> list[Allowance]:
        clock = FakeClock(START)
        return await story(RateLimiter(clock), clock)

    return asyncio.run(run())


def shared(valkey: Valkey, story: Story) -> list[Allowance]:
    async def run() -> list[Allowance]:
        clock = FakeClock(START)
        async with Redis.from_url(valkey.url) as redis:
            await redis.flushall()
            return await story(RateLimiter(clock, redis), clock)

    return asyncio.run(run())


@pytest.fixture(params=["alone", "shared"])
def told(request: pytest.FixtureRequest) -> Callable[[Story], list[Allowance]]:
    if request.param == "alone":
        return alone
    valkey = request.getfixturevalue("valkey")
    return lambda story: shared(valkey, story)


def charged(limit: int, steps: list[tuple[float, str]]) -> Story:
    async def story(limiter: RateLimiter, clock: FakeClock) -> list[Allowance]:
        allowances = []
        for seconds, bucket in steps:
            clock.move(seconds)
            allowances.append(await limiter.charge(bucket, limit))
        return allowances

    return story


@settings(max_examples=60)
@given(limit=LIMITS, steps=STEPS)
def test_every_answer_is_what_a_count_by_hand_says(told: Any, limit: int, steps: list[tuple[float, str]]) -> None:
    """The first `limit` of a window are accepted and no more; each is told what is left, the refused ones nothing."""
    accepted: Counter[tuple[str, int]] = Counter()

    for allowance in told(charged(limit, steps)):
        window = (allowance.charge.bucket, allowance.resets_at)
        expected = accepted[window] < limit
        accepted[window] += expected
        assert (allowance.is_accepted, allowance.remaining) == (expected, limit - accepted[window])


@settings(max_examples=30)
@given(limit=LIMITS, steps=STEPS)
def test_the_reset_is_the_end_of_the_minute_and_never_longer_than_one(
    told: Any, limit: int, steps: list[tuple[float, str]]
) -> None:
    for allowance in told(charged(limit, steps)):
        now = allowance.charge.now_ms / 1000
        assert allowance.resets_at % 60 == 0
        assert 0 < allowance.resets_at - now <= 60
        assert allowance.resets_in_seconds - 1 < allowance.resets_at - now <= allowance.resets_in_seconds


async def used_up(limiter: RateLimiter, clock: FakeClock, limit: int, jumps: list[float]) -> None:
    for seconds in jumps:
        clock.move(seconds)
        while (await limiter.charge("a", limit)).is_accepted:
            pass


@given(limit=LIMITS, jumps=JUMPS)
def test_no_jump_of_the_clock_locks_anybody_out_for_more_than_a_minute(limit: int, jumps: list[float]) -> None:
    async def story(limiter: RateLimiter, clock: FakeClock) -> list[Allowance]:
        await used_up(limiter, clock, limit, jumps)
        clock.move(60)
        return [await limiter.charge("a", limit)]

    assert [allowance.remaining for allowance in alone(story)] == [limit - 1]


@settings(max_examples=30)
@given(limit=LIMITS, jumps=JUMPS)
def test_and_in_redis_no_count_outlives_its_minute_by_more_than_the_slack(
    valkey: Valkey, limit: int, jumps: list[float]
) -> None:
    lives: list[int] = []

    async def story(limiter: RateLimiter, clock: FakeClock) -> list[Allowance]:
        await used_up(limiter, clock, limit, jumps)
        async with Redis.from_url(valkey.url) as redis:
            lives.extend([await redis.pttl(key) for key in await redis.keys()])
        return []

    shared(valkey, story)

    assert bool(lives) == bool(jumps)
    assert all(0 < life_ms <= WINDOW_MS + SLACK_MS for life_ms in lives)


@settings(max_examples=15)
@given(limit=st.integers(1, 50), callers=st.integers(1, 120), processes=st.integers(1, 4))
def test_at_once_and_from_many_processes_exactly_the_limit_is_accepted(
    valkey: Valkey, limit: int, callers: int, processes: int
) -> None:
    async def story(limiter: RateLimiter, clock: FakeClock) -> list[Allowance]:
        async with Redis.from_url(valkey.url) as redis:
            limiters = [RateLimiter(clock, redis) for _ in range(processes)]
            asked = [one.charge("a", limit) for one in limiters for _ in range(callers)]
            return await asyncio.gather(*asked)

    allowances = shared(valkey, story)

    accepted = [allowance.remaining for allowance in allowances if allowance.is_accepted]
    assert sorted(accepted, reverse=True) == [limit - 1 - number for number in range(min(limit, callers * processes))]


@settings(max_examples=30)
@given(limit=LIMITS, losses=st.lists(st.sampled_from(["charge", "charge", "flush"]), max_size=30))
def test_what_remains_never_rises_in_a_window_when_redis_forgets(valkey: Valkey, limit: int, losses: list[str]) -> None:
    async def story(limiter: RateLimiter, clock: FakeClock) -> list[Allowance]:
        allowances = []
        async with Redis.from_url(valkey.url) as redis:
            for deed in losses:
                if deed == "flush":
                    await redis.flushall()
                else:
                    allowances.append(await limiter.charge("a", limit))
        return allowances

    remaining = [allowance.remaining for allowance in shared(valkey, story)]

    assert remaining == sorted(remaining, reverse=True)


def test_a_process_keeps_the_counts_of_one_window_only() -> None:
    windows = LocalWindows()

    async def story(limiter: RateLimiter, clock: FakeClock) -> list[Allowance]:
        for number in range(100):
            await windows.count((await limiter.charge(f"address:{number}", 1)).charge)
        clock.move(60)
        return [await windows.count((await limiter.charge("address:0", 1)).charge)]

    [allowance] = alone(story)

    assert allowance.is_accepted
    assert len(windows._used) == 1
