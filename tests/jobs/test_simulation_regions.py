"""The same promises for monitors of three regions that have troubles of their own: cut off, gone, slow, heard twice."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from is0k.jobs.telling import Change
from is0k.jobs.verdict import Policy
from is0k.tests.jobs.simulation import FLUSH_MS, SECOND_MS, Alert, Life, Outage, Trouble
from is0k.tests.jobs.test_simulation import confirmation

TICKS = 30_000
SEEDS = range(4)
REGIONS = ("ap", "eu", "us")


def lives(random: Random, outage_share: float) -> Iterator[Life]:
    """Each with outages of one to three intervals now and then, and troubles at all times."""
    ticks = 0
    while ticks < TICKS:
        policy = Policy(
            random.choice((10, 30, 60, 300)) * SECOND_MS, random.randint(1, 3), 1, frozenset(REGIONS), is_patient=False
        )
        until = 300 * policy.interval_ms
        life = Life(
            policy,
            random.randrange(policy.interval_ms),
            random.choice((5, 200, 900)),
            list(outages(random, policy.interval_ms, until)) if random.random() < outage_share else [],
            [trouble for region in REGIONS for trouble in troubles(random, region, policy.interval_ms, until)],
            random,
        )
        life.run(until)
        ticks += len(life.ticks) * len(REGIONS)
        yield life


def outages(random: Random, interval: int, until: int) -> Iterator[Outage]:
    at = 5 * interval
    while at < until - 20 * interval:
        end = at + round(interval * random.uniform(1, 3))
        yield Outage(at, end)
        at = end + round(interval * random.uniform(12, 20))


def troubles(random: Random, region: str, interval: int, until: int) -> Iterator[Trouble]:
    """About a quarter of the time."""
    at = 0
    while at < until:
        at += round(interval * random.uniform(2, 20))
        end = at + round(interval * random.uniform(0.1, 6))
        yield Trouble(region, at, end, random.random() < 0.5)
        at = end


def downs(life: Life) -> list[Alert]:
    return [alert for alert in life.alerts if alert.change is Change.WENT_DOWN]


def sighted(life: Life, outage: Outage) -> bool:
    """Whether no region had a trouble from two intervals before until the outage was over."""
    start = outage.start - 2 * life.policy.interval_ms
    return all(trouble.end < start or trouble.start > outage.end for trouble in life.troubles)


@pytest.mark.parametrize("seed", SEEDS)
def test_our_own_troubles_never_alert(seed: int) -> None:
    for life in lives(Random(seed), outage_share=0):
        assert life.failing_ticks == 0
        assert life.alerts == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_alert_is_of_a_real_outage_that_lasted_long_enough_and_comes_once(seed: int) -> None:
    for life in lives(Random(seed), outage_share=1):
        shortest = life.policy.retries * life.policy.recheck_ms
        for alert in downs(life):
            [outage] = [o for o in life.outages if o.start <= alert.at < o.end]
            assert outage.end - outage.start > shortest
        assert len({alert.at for alert in downs(life)}) == len(downs(life))
        told = [a.change for a in life.alerts if a.change in (Change.WENT_DOWN, Change.CAME_UP)]
        assert all(one is not other for one, other in pairwise(told))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outage_that_all_regions_could_see_always_alerts_in_time(seed: int) -> None:
    seen = 0
    for life in lives(Random(seed), outage_share=1):
        for outage in life.outages:
            interval, needed = life.policy.interval_ms, confirmation(life)
            if outage.end - outage.start < interval + 2 * needed or not sighted(life, outage):
                continue
            seen += 1
            [alert] = [alert for alert in downs(life) if outage.start <= alert.at < outage.end]
            slowest = 3 * life.probe_ms + FLUSH_MS
            assert alert.known_at <= outage.start + interval + 2 * needed + slowest
    assert seen > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_after_an_outage_every_monitor_is_up_again(seed: int) -> None:
    for life in lives(Random(seed), outage_share=1):
        told = [a.change for a in life.alerts if a.change in (Change.WENT_DOWN, Change.CAME_UP)]
        assert told.count(Change.WENT_DOWN) == told.count(Change.CAME_UP)
