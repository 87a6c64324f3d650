"""The promise about alerts, over a million checks: too short an outage never does, a long enough one always."""

from collections.abc import Iterator
from random import Random

import pytest

from is0k.jobs.scheduler import AHEAD_MS
from is0k.jobs.telling import Change
from is0k.jobs.verdict import Policy
from is0k.tests.jobs.simulation import FLUSH_MS, SECOND_MS, Alert, Life, Outage

TICKS = 60_000
SEEDS = range(4)


def lives(random: Random, lengths: tuple[float, float]) -> Iterator[Life]:
    """Monitors of all kinds, each with outages of a length between these shares of its interval, far apart."""
    ticks = 0
    while ticks < TICKS:
        policy = Policy(random.choice((5, 10, 30, 60, 300, 3_600)) * SECOND_MS, random.randint(1, 5), is_patient=False)
        interval = policy.interval_ms
        outages, at = [], 3 * interval
        for _ in range(60):
            at += round(interval * random.uniform(4, 8))
            outages.append(Outage(at, at + round(interval * random.uniform(*lengths))))
        probe_ms = random.choice((5, 100, 900, interval // 4))
        life = Life(policy, random.randrange(interval), probe_ms, outages)
        life.run(at + 8 * interval)
        ticks += len(life.ticks)
        yield life


def spacing(life: Life) -> int:
    """The longest from the start of a check in doubt to the next. The check must have ended; then a regular slot may
    be claimed already, which is as good as a recheck."""
    return max(life.policy.recheck_ms, life.probe_ms + FLUSH_MS + AHEAD_MS)


def confirmation(life: Life) -> int:
    """How long an outage must last to be confirmed, from the first check that fails."""
    return life.policy.retries * spacing(life)


def downs(life: Life) -> list[Alert]:
    return [alert for alert in life.alerts if alert.change is Change.WENT_DOWN]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outage_longer_than_an_interval_and_its_confirmation_always_alerts_once_and_in_time(seed: int) -> None:
    for life in lives(Random(seed), (1.5, 3)):
        sure = [o for o in life.outages if o.end - o.start >= life.policy.interval_ms + confirmation(life)]
        alerts = {at: known_at for change, at, known_at in downs(life)}

        assert len(alerts) == len(downs(life))
        for outage in sure:
            [at] = [at for at in alerts if outage.start <= at < outage.end]
            latest = outage.start + life.policy.interval_ms + confirmation(life) + life.probe_ms + FLUSH_MS
            assert at < outage.start + life.policy.interval_ms + SECOND_MS
            assert alerts[at] <= latest


@pytest.mark.parametrize("seed", SEEDS)
def test_one_longer_than_one_and_a_half_intervals_always_alerts_where_confirmations_fit_into_half_of_one(
    seed: int,
) -> None:
    seen = 0
    for life in lives(Random(seed), (1.500001, 1.7)):
        if confirmation(life) <= life.policy.interval_ms / 2:
            seen += 1
            assert len(downs(life)) == len(life.outages)
    assert seen > 10


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outage_shorter_than_its_confirmation_never_alerts(seed: int) -> None:
    for life in lives(Random(seed), (0.0, 0.5)):
        shortest = life.policy.retries * life.policy.recheck_ms
        long_enough = [o for o in life.outages if o.end - o.start > shortest]

        assert len(downs(life)) <= len(long_enough)
        for alert in downs(life):
            assert any(o.start <= alert.at < o.end for o in long_enough)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_single_failed_check_never_alerts(seed: int) -> None:
    """Shorter than the shortest time between two checks: it meets one at most."""
    failing = 0
    for life in lives(Random(seed), (0.0, 0.005)):
        failing += life.failing_ticks
        assert life.alerts == []
    assert failing > 10


def test_no_slot_is_taken_twice_and_time_goes_forward() -> None:
    for life in lives(Random(7), (0.0, 3)):
        assert life.ticks == sorted(set(life.ticks))


def test_every_regular_slot_is_taken_whatever_rechecks_come_between() -> None:
    for life in lives(Random(8), (0.0, 3)):
        interval = life.policy.interval_ms
        regular = [tick for tick in life.ticks if tick % interval == life.phase_ms]
        assert regular == list(range(life.phase_ms, regular[-1] + 1, interval))
