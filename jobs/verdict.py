"""When is a monitor down? A pure function: `(policy, state, result) -> verdict`, with no clock, database or I/O.

The same code runs live, in the simulation of the tests, and on stored history.

    pending ──▶ up ⇄ suspect ──▶ down ⇄ recovering ──▶ up

*Suspect* and *recovering* are runs inside a status: the first failure asks for `retries` confirmations, spaced so that
all of them start within half an interval (updown.io's published rule: an outage shorter than the confirmation never
alerts, one longer than 1.5 × interval always does). Down begins at the first failing tick, up at the first good one.
"""

from enum import Enum
from typing import NamedTuple

from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

LONGEST_RECHECK_MS = 20_000
SHORTEST_RECHECK_MS = 1_000

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

    @property
    def recheck_ms(self) -> int:
        """How long after a tick in doubt the next one is due."""
        spacing = self.interval_ms // (2 * max(1, self.retries))
        return min(self.interval_ms, LONGEST_RECHECK_MS, max(SHORTEST_RECHECK_MS, spacing))


class State(NamedTuple):
    """What is remembered of a monitor between checks. Ticks are milliseconds since the Unix epoch."""

    epoch: int = 0  # goes up when the monitor is paused, resumed or pointed elsewhere
    status: MonitorStatus = MonitorStatus.PENDING
    last_tick: int | None = None
    run_of: CheckStatus | None = None  # what the latest checks agree on …
    run_length: int = 0  # … how many of them, unbroken …
    run_since: int | None = None  # … and the tick of the first
    is_blind: bool = False  # the latest check told nothing; what was believed is kept for when we see again


class Result(NamedTuple):
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


class Transition(NamedTuple):
    change: Change
    at: int
    reason: Reason
    message: str | None


class Verdict(NamedTuple):
    state: State
    transition: Transition | None = None
    recheck_at: int | None = None  # a tick is wanted then, before the regular one
    is_applied: bool = True


def judge(policy: Policy, state: State, result: Result) -> Verdict:
    if result.epoch != state.epoch or (state.last_tick is not None and result.tick <= state.last_tick):
        # Late, double, or about what the monitor was before: history may keep it, the state must not move.
        return Verdict(state, is_applied=False)
    if result.status is CheckStatus.UNKNOWN:
        return _judge_unknown(policy, state, result.tick)
    run = _continue_run(state, result)
    status = _proven(policy, run)
    if status is None:
        return Verdict(run, recheck_at=result.tick + policy.recheck_ms)
    if status is run.status:
        return Verdict(run)
    return Verdict(run._replace(status=status), _transition(run, status, result))


def _judge_unknown(policy: Policy, state: State, tick: int) -> Verdict:
    """It says nothing, so whoever was in doubt still is, and must not wait for the regular tick."""
    is_in_doubt = _proven(policy, state) is None
    recheck_at = tick + policy.recheck_ms if is_in_doubt else None
    return Verdict(state._replace(last_tick=tick, is_blind=True), recheck_at=recheck_at)


def _continue_run(state: State, result: Result) -> State:
    length, since = state.run_length + 1, state.run_since
    # On the way up from down a slow answer counts as well as a fast one.
    is_recovering = state.status is MonitorStatus.DOWN and CheckStatus.DOWN not in (state.run_of, result.status)
    if since is None or not (result.status is state.run_of or is_recovering):
        length, since = 1, result.tick
    return State(state.epoch, state.status, result.tick, result.status, length, since)


def _proven(policy: Policy, run: State) -> MonitorStatus | None:
    """The status the run of equal checks is long enough to prove; None while it is not."""
    if run.run_of is None:
        return run.status
    status = PROVES[run.run_of]
    return status if status is run.status or run.run_length >= _needed(policy, run.status, run.run_of) else None


def _needed(policy: Policy, status: MonitorStatus, seen: CheckStatus) -> int:
    if seen is CheckStatus.DOWN:
        return policy.retries + 1
    if status is MonitorStatus.PENDING:
        return 1
    if status is MonitorStatus.DOWN or seen is CheckStatus.UP:
        return policy.recovery_checks
    return policy.retries + 1


def _transition(run: State, after: MonitorStatus, result: Result) -> Transition | None:
    assert run.run_since is not None
    change = _change(run.status, after)
    return Transition(change, run.run_since, result.reason, result.message) if change else None


def _change(before: MonitorStatus, after: MonitorStatus) -> Change | None:
    if after is MonitorStatus.DOWN:
        return Change.WENT_DOWN
    if before is MonitorStatus.DOWN:
        return Change.CAME_UP
    if after is MonitorStatus.DEGRADED:
        return Change.DEGRADED
    return Change.IMPROVED if before is MonitorStatus.DEGRADED else None
