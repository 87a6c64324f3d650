"""A monitor's life without a database, a network or waiting: the live rules on a clock that jumps.

The scheduler wakes every second and claims what is due within two; the check starts at its slot; what it found is
written a little after it has ended, and a recheck it asks for pulls the next slot forward. `next_slot` is the rule of
`models.monitor_state.claim`; a test of its own holds it equal to the SQL.
"""

import heapq
import itertools
from bisect import bisect_right
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from is0k.jobs.scheduler import AHEAD_MS
from is0k.jobs.telling import Change
from is0k.jobs.verdict import ANYWHERE, Policy, Result, State, judge
from is0k.jobs.writer import FLUSH_SECONDS
from is0k.models.monitor_state import LONGEST_SPREAD_MS, OVERDUE_MS
from is0k.schema.enums import CheckStatus, Reason

FLUSH_MS = round(FLUSH_SECONDS * 1000)
SECOND_MS = 1_000


def next_slot(next_at: int, slot_at: int | None, now: int, phase_ms: int, interval_ms: int) -> int:
    """The first slot after those that are claimed and after now; where one is overdue, after its check, put off."""
    put_off = min(interval_ms, LONGEST_SPREAD_MS) if next_at < now - OVERDUE_MS and (slot_at or 0) <= now else 0
    return phase_ms + interval_ms * ((max(next_at, slot_at or 0, now + put_off) - phase_ms) // interval_ms + 1)


class Outage(NamedTuple):
    start: int
    end: int


class Trouble(NamedTuple):
    """Of our own, in one region. Without its worker (`is_gone`) there are no checks, else they tell nothing."""

    region: str
    start: int
    end: int
    is_gone: bool


class Alert(NamedTuple):
    change: Change
    at: int
    known_at: int


class Life:
    """`probe_ms`: how long a check takes. Checks that start in an outage fail.

    `troubles`: when a region's own network is away (its checks tell nothing) or its worker is gone (there are none).
    `random`: results take longer or shorter, and some come twice.
    """

    def __init__(
        self,
        policy: Policy,
        phase_ms: int,
        probe_ms: int,
        outages: Sequence[Outage],
        troubles: Sequence[Trouble] = (),
        random: Random | None = None,
    ) -> None:
        self.policy, self.phase_ms, self.probe_ms, self.outages = policy, phase_ms, probe_ms, outages
        self.troubles, self.random = troubles, random
        self._starts = [outage.start for outage in outages]
        self.next_at, self.slot_at = phase_ms, 0
        self.state = State()
        self.ticks: list[int] = []
        self.failing_ticks = 0
        self.alerts: list[Alert] = []
        self._events: list[tuple[int, int, int, Result | None]] = []
        self._count = itertools.count()  # of two events at a time the first is the one that was foreseen first

    def run(self, until: int) -> None:
        self._expect_claim(0)
        while self._events and self._events[0][0] < until:
            now, _, _, result = heapq.heappop(self._events)
            if result is None:
                self._claim(now)
            else:
                self._write(now, result)

    def _expect_claim(self, now: int) -> None:
        """At the first whole second that finds the slot near enough."""
        second = -(-max(now, self.next_at - AHEAD_MS) // SECOND_MS) * SECOND_MS
        heapq.heappush(self._events, (second, 1, next(self._count), None))

    def _claim(self, now: int) -> None:
        if self.next_at > now + AHEAD_MS:
            return  # it was claimed meanwhile, and this is the wake-up for a slot that is gone
        tick = self.next_at
        self.next_at = next_slot(tick, self.slot_at, now, self.phase_ms, self.policy.interval_ms)
        self.slot_at = tick
        start = max(tick, now)
        self.ticks.append(tick)
        self.failing_ticks += self._fails(start)
        for region in sorted(self.policy.regions) or [ANYWHERE]:
            for result in self._look(region, tick, start):
                self._expect_result(start + self._takes() + FLUSH_MS, result)
        self._expect_claim(now)

    def _expect_result(self, at: int, result: Result) -> None:
        heapq.heappush(self._events, (at, 0, next(self._count), result))

    def _look(self, region: str, tick: int, start: int) -> list[Result]:
        status, reason = (CheckStatus.DOWN, Reason.TIMEOUT) if self._fails(start) else (CheckStatus.UP, Reason.OK)
        for trouble in self.troubles:
            if trouble.region == region and trouble.start <= start < trouble.end:
                if trouble.is_gone:
                    return []
                status, reason = CheckStatus.UNKNOWN, Reason.OBSERVER_UNHEALTHY
        times = 2 if self.random and self.random.random() < 0.1 else 1
        return [Result(tick, 0, status, reason, region=region)] * times

    def _takes(self) -> int:
        return round(self.probe_ms * self.random.uniform(0.5, 3)) if self.random else self.probe_ms

    def _write(self, now: int, result: Result) -> None:
        verdict = judge(self.policy, self.state, result)
        self.state = verdict.state
        self.alerts += [Alert(transition.change, transition.at, now) for transition in verdict.transitions]
        if verdict.recheck_at is not None:
            self.recheck(max(verdict.recheck_at, now), now)

    def recheck(self, at: int, now: int) -> None:
        """The rule of `models.monitor_state.recheck`."""
        if self.next_at > at and self.slot_at <= (self.state.last_tick or 0):
            self.next_at = at
            self._expect_claim(now)

    def _fails(self, at: int) -> bool:
        place = bisect_right(self._starts, at) - 1
        return place >= 0 and at < self.outages[place].end
