"""When is a monitor down? A pure function: `(policy, state, result) -> verdict`, with no clock, database or I/O.

The same code runs live, in the simulation of the tests, and on stored history.

    pending ──▶ up ⇄ suspect ──▶ down ⇄ recovering ──▶ up

*Suspect* and *recovering* are runs inside a view, which is what one region has seen: the first failure asks for
`retries` confirmations, spaced so that all of them start within half an interval (updown.io's published rule: an outage
shorter than the confirmation never alerts, one longer than 1.5 × interval always does). Down begins at the first
failing tick, up at the first good one. Of several regions a majority must see it, of those that have looked lately and
could see; `docs/decisions/0009-verdict.md` has the reasons. What people are told of it is in `jobs/telling.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from is0k.jobs.telling import Told, Transition, Window, tell
from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

LONGEST_RECHECK_MS = 20_000
SHORTEST_RECHECK_MS = 1_000
# A view older than that has nothing to say about now.
FRESH_INTERVALS = 2.5
FRESH_MS = 30_000
# A monitor that names no region is checked by whoever is free, and all of them are one place.
ANYWHERE = ""

# What checks that agree for long enough say of the monitor. A check that is unknown says nothing.
PROVES = {
    CheckStatus.UP: MonitorStatus.UP,
    CheckStatus.DEGRADED: MonitorStatus.DEGRADED,
    CheckStatus.DOWN: MonitorStatus.DOWN,
}


class Policy(NamedTuple):
    interval_ms: int
    retries: int = 2
    recovery_checks: int = 1
    regions: frozenset[str] = frozenset()
    maintenance: Window | None = None  # the one that is, comes next, or was last
    is_patient: bool = True  # whether flapping is told once and then held; history is judged without

    @property
    def recheck_ms(self) -> int:
        """How long after a tick in doubt the next one is due."""
        spacing = self.interval_ms // (2 * max(1, self.retries))
        return min(self.interval_ms, LONGEST_RECHECK_MS, max(SHORTEST_RECHECK_MS, spacing))

    @property
    def fresh_ms(self) -> int:
        return round(FRESH_INTERVALS * self.interval_ms) + FRESH_MS


class View(NamedTuple):
    """What one region has seen. Ticks are milliseconds since the Unix epoch."""

    last_tick: int | None = None
    run_of: CheckStatus | None = None  # what the latest checks agree on …
    run_length: int = 0  # … how many of them, unbroken …
    run_since: int | None = None  # … and the tick of the first
    is_blind: bool = False  # the latest check told nothing; what was seen before is kept for when we see again
    reason: Reason = Reason.OK
    message: str | None = None


class State(NamedTuple):
    """What is remembered of a monitor between checks."""

    epoch: int = 0  # goes up when the monitor is paused, resumed or pointed elsewhere
    status: MonitorStatus = MonitorStatus.PENDING
    views: Mapping[str, View] = MappingProxyType({})
    is_blind: bool = False  # nobody who has looked lately could see
    told: Told = Told()

    @property
    def last_tick(self) -> int | None:
        return max((view.last_tick for view in self.views.values() if view.last_tick is not None), default=None)


class Result(NamedTuple):
    """One check, as far as the verdict cares."""

    tick: int
    epoch: int
    status: CheckStatus
    reason: Reason = Reason.OK
    message: str | None = None
    region: str = ANYWHERE


class Verdict(NamedTuple):
    state: State
    transitions: tuple[Transition, ...] = ()
    recheck_at: int | None = None  # a tick is wanted then, before the regular one
    is_applied: bool = True
    held: CheckStatus = CheckStatus.UNKNOWN  # what the latest looks say together; it counts until the next tick
    began: int | None = None  # where the status is another: since when
    why: tuple[Reason, str | None] = (Reason.OK, None)


def judge(policy: Policy, state: State, result: Result) -> Verdict:
    place = result.region if policy.regions else ANYWHERE
    before = state.views.get(place, View())
    is_of_now = result.epoch == state.epoch and (not policy.regions or place in policy.regions)
    if not is_of_now or (before.last_tick is not None and result.tick <= before.last_tick):
        # Late, double, or about what the monitor was before: history may keep it, the state must not move.
        return Verdict(state, is_applied=False)
    view = _look(before, state.status, result)
    seen = state._replace(views={**state.views, place: view})
    round = Round(policy, seen, result.tick)
    seen = seen._replace(is_blind=not round.sighted)
    recheck_at = result.tick + policy.recheck_ms if round.is_in_doubt else None
    held, why = round.held(), round.account(place, result)
    status = None if view.is_blind else round.status()
    if status is None:
        return Verdict(seen, (), recheck_at, True, held, None, why)
    told, transitions = tell(policy, state.told, status, result.tick, why, round.began)
    began = None if status is state.status else round.began(status)
    return Verdict(seen._replace(status=status, told=told), transitions, recheck_at, True, held, began, why)


def _look(before: View, status: MonitorStatus, result: Result) -> View:
    if result.status is CheckStatus.UNKNOWN:
        return _look_in_vain(before, status, result)
    length, since = before.run_length + 1, before.run_since
    # On the way up from down a slow answer counts as well as a fast one.
    is_recovering = status is MonitorStatus.DOWN and CheckStatus.DOWN not in (before.run_of, result.status)
    if since is None or not (result.status is before.run_of or is_recovering):
        length, since = 1, result.tick
    return View(result.tick, result.status, length, since, False, result.reason, result.message)


def _look_in_vain(before: View, status: MonitorStatus, result: Result) -> View:
    """It says nothing, so what was seen stands. Only a suspicion from before our own trouble began does not: it may
    have been that trouble already, and no part of it may bring the monitor down once we see again."""
    is_suspect = before.run_of is CheckStatus.DOWN and status is not MonitorStatus.DOWN
    if is_suspect and result.reason is Reason.OBSERVER_UNHEALTHY:
        before = View()
    return before._replace(last_tick=result.tick, is_blind=True)


class Round:
    """What the regions that have looked lately, and could see, say together at a tick."""

    def __init__(self, policy: Policy, state: State, tick: int) -> None:
        self.policy, self.believed, self.tick = policy, state.status, tick
        own = {place: view for place, view in state.views.items() if self._counts(place, view)}
        self.sighted = {place: view for place, view in own.items() if not view.is_blind and view.run_of}
        self.proofs = {place: self._proven(view) for place, view in self.sighted.items()}
        # One that looked in vain may still be in doubt, and must not wait for the regular tick.
        self.is_in_doubt = any(self._proven(view) is None for view in own.values())

    def status(self) -> MonitorStatus | None:
        """None while it is not settled: what was believed stands."""
        proofs, count = list(self.proofs.values()), len(self.proofs)
        down, unsettled = proofs.count(MonitorStatus.DOWN), proofs.count(None)
        if 2 * down > count:
            return MonitorStatus.DOWN
        if self._is_waiting() or 2 * (down + unsettled) > count:
            return None
        if unsettled and self.believed is not MonitorStatus.DOWN:
            return None
        is_slow = 2 * proofs.count(MonitorStatus.DEGRADED) > count
        return MonitorStatus.DEGRADED if down or is_slow else MonitorStatus.UP

    def began(self, status: MonitorStatus) -> int:
        """The tick at which so many saw it as make it the status of the monitor."""
        starts: dict[MonitorStatus | None, list[int]] = {}
        for place, view in self.sighted.items():
            starts.setdefault(self.proofs[place], []).append(view.run_since or self.tick)
        failing = sorted(starts.pop(MonitorStatus.DOWN, []))
        count, others = len(self.sighted), sorted(start for group in starts.values() for start in group)
        if status is MonitorStatus.DOWN:
            return failing[count // 2] if len(failing) > count // 2 else self.tick
        if self.believed is MonitorStatus.DOWN:
            return others[count - count // 2 - 1]
        return failing[0] if failing else others[-1]

    def account(self, place: str, result: Result) -> tuple[Reason, str | None]:
        """Why, in the words of the check; of several regions those that fail are named, with the words of the first."""
        failing = sorted(place for place, view in self.sighted.items() if view.run_of is CheckStatus.DOWN)
        if len(self.policy.regions) < 2 or not failing:
            return result.reason, result.message
        view = self.sighted[place if place in failing else failing[0]]
        others = sorted(set(self.sighted) - set(failing))
        where = f"From {_list(failing)}: {view.message}" + (f". Not from {_list(others)}" if others else "")
        return view.reason, where

    def held(self) -> CheckStatus:
        """What the latest looks say together, confirmed or not: it counts for the time until the next."""
        latest, count = [view.run_of for view in self.sighted.values()], len(self.sighted)
        if not latest:
            return CheckStatus.UNKNOWN
        down = latest.count(CheckStatus.DOWN)
        if 2 * down > count:
            return CheckStatus.DOWN
        return CheckStatus.DEGRADED if down or 2 * latest.count(CheckStatus.DEGRADED) > count else CheckStatus.UP

    def _counts(self, place: str, view: View) -> bool:
        is_asked = not self.policy.regions or place in self.policy.regions
        return is_asked and view.last_tick is not None and self.tick - view.last_tick <= self.policy.fresh_ms

    def _is_waiting(self) -> bool:
        """What a region has proven just now waits for what the others see at the same tick, and no longer."""
        if len(self.sighted) == 1 or all(view.last_tick == self.tick for view in self.sighted.values()):
            return False
        return any(
            view.last_tick == self.tick and view.run_length == self._needed(view) for view in self.sighted.values()
        )

    def _proven(self, view: View) -> MonitorStatus | None:
        """The status the run of equal checks is long enough to prove; None while it is not."""
        if view.run_of is None:
            return self.believed
        status = PROVES[view.run_of]
        return status if status is self.believed or view.run_length >= self._needed(view) else None

    def _needed(self, view: View) -> int:
        if view.run_of is CheckStatus.DOWN:
            return self.policy.retries + 1
        if self.believed is MonitorStatus.PENDING:
            return 1
        if self.believed is MonitorStatus.DOWN or view.run_of is CheckStatus.UP:
            return self.policy.recovery_checks
        return self.policy.retries + 1


def _list(places: list[str]) -> str:
    return ", ".join(places)
