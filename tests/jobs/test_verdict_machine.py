"""Whatever happens, in any order: the world of one monitor, and what must hold of it after every step.

The rules are those of an operator's bad week: failures, networks of ours that go away, workers that are killed with
results under way, results that come late, twice and in another order, clocks that jump, people who pause, point
elsewhere and announce maintenance. Between any two steps the process is as good as restarted: what is remembered goes
through its stored form.
"""

from typing import NamedTuple

from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from is0k.jobs.memory import recall, remember
from is0k.jobs.telling import FLAPPING_MS, Change, Transition, Window
from is0k.jobs.verdict import ANYWHERE, Policy, Result, State, judge
from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

INTERVAL = 60_000
REGIONS = ("ap", "eu", "us")


class Look(NamedTuple):
    """A check that was made, and may be heard of later. `is_real`: the target was truly failing there and then."""

    result: Result
    is_real: bool


class Week(RuleBasedStateMachine):
    @initialize(regions=st.integers(0, 3), retries=st.integers(0, 3), recovery_checks=st.integers(1, 3))
    def begin(self, regions: int, retries: int, recovery_checks: int) -> None:
        self.regions = REGIONS[:regions]
        self.policy = Policy(INTERVAL, retries, recovery_checks, frozenset(self.regions))
        self.state, self.now = State(), 10 * INTERVAL
        self.failing: set[str] = set()  # where the target fails
        self.blind: set[str] = set()  # where our own network is away
        self.under_way: list[Look] = []
        self.heard: list[Look] = []
        self.is_paused = False
        self.has_open_incident = False
        # Ticks of looks that truly failed and were applied, by region, unbroken until now.
        self.evidence: dict[str, int] = {}
        self.alerts: list[int] = []  # ticks of those of this epoch

    # The target and the networks.

    @rule(data=st.data())
    def target_fails(self, data: st.DataObject) -> None:
        self.failing = set(data.draw(st.lists(st.sampled_from(self.places), unique=True)))

    @rule(data=st.data())
    def own_network_goes_or_comes(self, data: st.DataObject) -> None:
        self.blind = set(data.draw(st.lists(st.sampled_from(self.places), unique=True)))

    # The schedule and the workers.

    @precondition(lambda self: not self.is_paused)
    @rule(after=st.sampled_from((1_000, 15_000, INTERVAL, 3 * INTERVAL)))
    def tick(self, after: int) -> None:
        self.now += after
        self.under_way += [self._look(place) for place in self.places]

    @precondition(lambda self: not self.is_paused)
    @rule(rounds=st.integers(1, 4), after=st.sampled_from((15_000, INTERVAL)), failing=st.integers(0, 7))
    def a_while_passes(self, rounds: int, after: int, failing: int) -> None:
        """Most of life: checks that are heard of at once, while the target fails for some of the regions."""
        self.failing = {place for bit, place in enumerate(self.places) if failing >> bit & 1}
        for _ in range(rounds):
            self.tick(after)
            self.all_results_are_heard()

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def a_result_is_heard(self, data: st.DataObject) -> None:
        self._hear(self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1))))

    @precondition(lambda self: self.under_way)
    @rule()
    def all_results_are_heard(self) -> None:
        while self.under_way:
            self._hear(self.under_way.pop(0))

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def a_result_is_heard_again(self, data: st.DataObject) -> None:
        before = self.state
        again = data.draw(st.sampled_from(self.heard[-10:]))

        assert judge(self.policy, before, again.result).is_applied is False
        self._hear(again)
        assert self.state == before

    @rule()
    def workers_are_killed(self) -> None:
        self.under_way.clear()

    # People, and the clock.

    @precondition(lambda self: not self.is_paused)
    @rule()
    def pause(self) -> None:
        self.is_paused = True
        self._begin_epoch()

    @precondition(lambda self: self.is_paused)
    @rule()
    def resume(self) -> None:
        self.is_paused = False
        self._begin_epoch()

    @rule()
    def point_elsewhere(self) -> None:
        self._begin_epoch()

    @rule(lasts=st.integers(1, 5))
    def maintenance_begins(self, lasts: int) -> None:
        self.policy = self.policy._replace(maintenance=Window(self.now, self.now + lasts * INTERVAL))

    @rule()
    def maintenance_is_cancelled(self) -> None:
        self.policy = self.policy._replace(maintenance=None)

    @rule(jump=st.sampled_from((-3_600_000, 3_600_000)))
    def the_clock_jumps(self, jump: int) -> None:
        """Back, the scheduler begins a new epoch (start_over); forward, slots are left out."""
        self.now = max(10 * INTERVAL, self.now + jump)
        if jump < 0:
            self._begin_epoch()

    # What must hold.

    @invariant()
    def an_incident_is_open_exactly_while_people_believe_it_is_down(self) -> None:
        if hasattr(self, "state"):
            assert self.has_open_incident is (self.state.told.status is MonitorStatus.DOWN)

    @invariant()
    def nobody_is_told_more_than_seven_times_in_half_an_hour(self) -> None:
        if hasattr(self, "alerts"):
            assert len(self.alerts) < 8 or self.alerts[-1] - self.alerts[-8] > FLAPPING_MS

    @invariant()
    def what_is_remembered_survives(self) -> None:
        if hasattr(self, "state"):
            stored = remember(self.state.views, self.state.told, self.regions)
            views, told = recall(stored, self.state.told.status)
            assert told == self.state.told
            assert {place: view[:5] for place, view in views.items()} == {
                place: view[:5] for place, view in self.state.views.items()
            }

    @property
    def places(self) -> tuple[str, ...]:
        return self.regions or (ANYWHERE,)

    def _look(self, place: str) -> Look:
        if place in self.blind:
            status, reason = CheckStatus.UNKNOWN, Reason.OBSERVER_UNHEALTHY
        elif place in self.failing:
            status, reason = CheckStatus.DOWN, Reason.TIMEOUT
        else:
            status, reason = CheckStatus.UP, Reason.OK
        result = Result(self.now, self.state.epoch, status, reason, None, place)
        return Look(result, status is CheckStatus.DOWN)

    def _hear(self, look: Look) -> None:
        self.heard.append(look)
        if self.is_paused:
            return  # the writer leaves out what is paused
        verdict = judge(self.policy, self.state, look.result)
        if verdict.is_applied:
            self._weigh(look)
        else:
            assert verdict.transitions == ()
        before, self.state = self.state.status, verdict.state
        if MonitorStatus.DOWN in (before, self.state.status) and before is not self.state.status:
            assert self._is_proven(down=self.state.status is MonitorStatus.DOWN)
        for transition in verdict.transitions:
            self._hear_of(transition, look)

    def _weigh(self, look: Look) -> None:
        place = look.result.region
        if look.result.status is CheckStatus.UNKNOWN:
            self.evidence[place] = min(self.evidence.get(place, 0), 1)
        else:
            self.evidence[place] = self.evidence.get(place, 0) + 1 if look.is_real else 0

    def _hear_of(self, transition: Transition, look: Look) -> None:
        window = self.policy.maintenance
        assert window is None or not window.holds(look.result.tick)
        assert look.result.epoch == self.state.epoch
        assert transition.at <= look.result.tick
        if transition.change in (Change.WENT_DOWN, Change.CAME_UP):
            self.alerts.append(look.result.tick)
        if transition.change is Change.WENT_DOWN:
            assert not self.has_open_incident
            self.has_open_incident = True
        elif transition.change is Change.CAME_UP:
            assert self.has_open_incident
            self.has_open_incident = False

    def _is_proven(self, down: bool) -> bool:
        """Whether a majority of those who see has truly seen it fail, each as often as was asked for, unbroken, since
        it could last see nothing; or, of one that was down, whether there is no such majority any more."""
        newest = self.state.last_tick or 0
        fresh = [
            place
            for place, view in self.state.views.items()
            if view.run_of and not view.is_blind and newest - (view.last_tick or 0) <= self.policy.fresh_ms
        ]
        needed = self.policy.retries if down else 0
        failing = [place for place in fresh if self.evidence.get(place, 0) > needed]
        return (2 * len(failing) > len(fresh)) is down

    def _begin_epoch(self) -> None:
        """As models.monitor_state.begin_epoch does: the views and what is under way no longer count."""
        views, told = recall(None, self.state.told.status)
        self.state = State(self.state.epoch + 1, self.state.status, views, False, told)
        self.evidence.clear()
        self.alerts.clear()


TestWeek = Week.TestCase
TestWeek.settings = examples(max_examples=400, stateful_step_count=60, deadline=None)
