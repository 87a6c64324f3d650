"""When is a monitor down? A pure function: `(policy, state, result) -> verdict`, with no clock, database or I/O.

The same code runs live, in the simulation of the tests, and on stored history.

    pending ──▶ up ⇄ suspect ──▶ down ⇄ recovering ──▶ up

*Suspect* and *recovering* are runs inside a status: the first failure asks for `retries` confirmations, spaced so that
all of them start within half an interval (updown.io's published rule: an outage shorter than the confirmation never
alerts, one longer than 1.5 × interval always does). Down begins at the first failing tick, up at the first good one.
"""

from dataclasses import dataclass, replace
from enum import Enum

from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

LONGEST_RECHECK_MS = 20_000
SHORTEST_RECHECK_MS = 1_000


@dataclass(frozen=True, slots=True)
class Policy:
    interval_ms: int
    retries: int = 2
    recovery_checks: int = 1

    @property
    def recheck_ms(self) -> int:
        """How long after a tick in doubt the next one is due."""
        spacing = self.interval_ms // (2 * max(1, self.retries))
        return min(self.interval_ms, LONGEST_RECHECK_MS, max(SHORTEST_RECHECK_MS, spacing))


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered of a monitor between checks. Ticks are milliseconds since the Unix epoch."""

    epoch: int = 0  # goes up when the monitor is paused, resumed or pointed elsewhere
    status: MonitorStatus = MonitorStatus.PENDING
    last_tick: int | None = None
    run_of: CheckStatus | None = None  # what the latest checks agree on …
    run_length: int = 0  # … how many of them, unbroken …
    run_since: int | None = None  # … and the tick of the first
    is_blind: bool = False  # the latest check told nothing; what was believed is kept for when we see again

    @property
    def shown_status(self) -> MonitorStatus:
        return MonitorStatus.UNKNOWN if self.is_blind else self.status


@dataclass(frozen=True, slots=True)
class Result:
    """One check, as far as the verdict cares."""

    tick: int
    epoch: int
    status: CheckStatus
    reason: Reason = Reason.OK
    message: str | None = None


class Change(Enum):
    WENT_DOWN = "went_down"
    CAME_UP = "came_up"
    DEGRADED = "degraded"
    IMPROVED = "improved"


@dataclass(frozen=True, slots=True)
class Transition:
    change: Change
    at: int
    reason: Reason
    message: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    state: State
    transition: Transition | None = None
    recheck_at: int | None = None  # a tick is wanted then, before the regular one
    is_applied: bool = True


def judge(policy: Policy, state: State, result: Result) -> Verdict:
    if result.epoch != state.epoch or (state.last_tick is not None and result.tick <= state.last_tick):
        # Late, double, or about what the monitor was before: history may keep it, the state must not move.
        return Verdict(state, is_applied=False)
    if result.status is CheckStatus.UNKNOWN:
        return Verdict(replace(state, last_tick=result.tick, is_blind=True))
    run = _continue_run(state, result)
    settled = _settled_status(policy, run)
    if settled is None:
        return Verdict(run, recheck_at=result.tick + policy.recheck_ms)
    after = replace(run, status=settled)
    return Verdict(after, _transition(state.status, after, result))


def _continue_run(state: State, result: Result) -> State:
    seen = replace(state, last_tick=result.tick, is_blind=False, run_of=result.status)
    # On the way up from down a slow answer counts as well as a fast one.
    is_recovering = state.status is MonitorStatus.DOWN and CheckStatus.DOWN not in (state.run_of, result.status)
    if state.run_of is not None and (result.status is state.run_of or is_recovering):
        return replace(seen, run_length=state.run_length + 1)
    return replace(seen, run_length=1, run_since=result.tick)


def _settled_status(policy: Policy, run: State) -> MonitorStatus | None:
    """The status the run of equal checks is long enough to prove; None while it is not."""
    assert run.run_of is not None
    proven = MonitorStatus(run.run_of.value)
    is_proven = proven is run.status or run.run_length >= _needed(policy, run.status, run.run_of)
    return proven if is_proven else None


def _needed(policy: Policy, status: MonitorStatus, seen: CheckStatus) -> int:
    if seen is CheckStatus.DOWN:
        return policy.retries + 1
    if status is MonitorStatus.PENDING:
        return 1
    if status is MonitorStatus.DOWN or seen is CheckStatus.UP:
        return policy.recovery_checks
    return policy.retries + 1


def _transition(before: MonitorStatus, after: State, result: Result) -> Transition | None:
    if before is after.status or after.run_since is None:
        return None
    change = _change(before, after.status)
    return Transition(change, after.run_since, result.reason, result.message) if change else None


def _change(before: MonitorStatus, after: MonitorStatus) -> Change | None:
    if after is MonitorStatus.DOWN:
        return Change.WENT_DOWN
    if before is MonitorStatus.DOWN:
        return Change.CAME_UP
    if after is MonitorStatus.DEGRADED:
        return Change.DEGRADED
    return Change.IMPROVED if before is MonitorStatus.DEGRADED else None
