"""A monitor's row while findings are worked into it: what history keeps of them, and what they change."""

from typing import NamedTuple
from uuid import UUID

import orjson

from is0k.jobs.checker import Finding
from is0k.jobs.memory import CHECK_STATUS, recall, remember
from is0k.jobs.telling import Transition, Window
from is0k.jobs.verdict import ANYWHERE, Policy, Result, State, Verdict, View, judge
from is0k.models.check import REASON_CODE, STATUS_CODE, CheckRow
from is0k.models.sql import Row, as_uuid
from is0k.probes.base import Outcome
from is0k.resolvers.announcer import StatusChange
from is0k.schema.enums import CheckStatus, MonitorStatus, MonitorType, Reason

# A check later than 1.5 intervals after the one before leaves a gap in what was watched.
GAP_FACTOR = 1.5
LARGEST_LAG_MS = 2**31 - 1

MONITOR_STATUS = {status.value: status for status in MonitorStatus}

# A slow answer is one: what it saw is nearer to the outage than what was seen when all was well.
ANSWERED = (CheckStatus.UP, CheckStatus.DEGRADED)

# Status of the check before, time since it, and how much of that was not watched.
Span = tuple[int | None, int, int]
NO_SPAN: Span = (None, 0, 0)


class Place(NamedTuple):
    """The region findings come from; `number` is its short key."""

    number: int
    region: str


class MonitorFile:
    """Findings are added oldest first."""

    def __init__(self, row: Row) -> None:
        self.number: int = row["number"]
        self.id, self.organization_id = as_uuid(row["id"]), as_uuid(row["organization_id"])
        self.policy = _policy(row)
        views, told = recall(row["memory"], MONITOR_STATUS[row["told"]])
        status = MONITOR_STATUS[row["status"]]
        self.state = State(row["epoch"], status, views, bool(row["is_blind"]), told)
        self.last_tick: int | None = row["last_tick"]
        self.held = CHECK_STATUS.get(row["last_status"])  # since then
        self.why: tuple[Reason, str | None] = (Reason.OK, None)
        self.last_status_change_at: int | None = row["last_status_change_at"]
        self.latest: Finding | None = None  # of those that count
        self.good: Finding | None = None  # the latest of them that was answered
        self.recheck_at: int | None = None
        self.suspect_in: str | None = None
        self.transitions: list[tuple[Transition, Finding]] = []
        # What whoever listens is told once it is stored.
        self.counted: list[CheckRow] = []
        self.changes: list[StatusChange] = []
        self.incident_ids: list[UUID] = []

    def add(self, finding: Finding, place: Place) -> CheckRow:
        """Judge a finding, and make the row that history keeps of it."""
        slot, _, outcome = finding
        before, span = self.state, NO_SPAN
        result = Result(slot.tick, slot.epoch, outcome.status, outcome.reason, outcome.message, place.region)
        verdict = judge(self.policy, before, result)
        if verdict.is_applied:
            span = self._span(slot.tick)
            self._apply(verdict, finding, place.region)
        row = _check_row(finding, place.number, _attempt(self.policy, before, place.region), span)
        if verdict.is_applied:
            self.counted.append(row)
        return row

    def _span(self, tick: int) -> Span:
        """Of several regions the first that is heard of a tick speaks for the time since the tick before. Maintenance
        is left out of it."""
        interval_ms, window = self.policy.interval_ms, self.policy.maintenance
        if self.last_tick is None or self.held is None or tick <= self.last_tick:
            return NO_SPAN
        span_ms = tick - self.last_tick
        excluded_ms = window.overlap_ms(self.last_tick, tick) if window else 0
        if excluded_ms == span_ms:
            return NO_SPAN
        gap_ms = span_ms - interval_ms if span_ms > GAP_FACTOR * interval_ms else 0
        return STATUS_CODE[self.held], span_ms - excluded_ms, max(0, gap_ms - excluded_ms)

    def _apply(self, verdict: Verdict, finding: Finding, region: str) -> None:
        tick = finding.slot.tick
        if verdict.began is not None:
            self.last_status_change_at = verdict.began
        self._note_change(verdict, finding)
        self.state, self.recheck_at, self.latest = verdict.state, verdict.recheck_at, finding
        self.last_tick, self.held, self.why = max(tick, self.last_tick or tick), verdict.held, verdict.why
        is_suspect = finding.outcome.status is CheckStatus.DOWN and verdict.recheck_at is not None
        self.suspect_in = region if is_suspect and not self.policy.regions else None
        self.transitions += [(transition, finding) for transition in verdict.transitions]
        if finding.outcome.status in ANSWERED:
            self.good = finding

    def _note_change(self, verdict: Verdict, finding: Finding) -> None:
        """Maintenance that has begun or ended since the check before is among the changes of this one."""
        tick, window = finding.slot.tick, self.policy.maintenance
        before = _shown(self.state, window, tick if self.last_tick is None else self.last_tick)
        after = _shown(verdict.state, window, max(tick, self.last_tick or tick))
        if before is after:
            return
        at = tick if verdict.began is None else verdict.began
        if window and after is MonitorStatus.MAINTENANCE:
            self.changes.append(StatusChange(self.id, before, after, window.start))
        elif window and before is MonitorStatus.MAINTENANCE:
            self.changes.append(StatusChange(self.id, before, after, max(at, window.end), finding.outcome.reason))
        else:
            self.changes.append(StatusChange(self.id, before, after, at, finding.outcome.reason))

    def saved(self) -> tuple[object, ...]:
        """In the order of `save_states`."""
        state, latest = self.state, self.latest
        assert latest is not None
        assert self.held is not None
        reason, message = self.why
        return (
            state.status.value,
            state.told.status.value,
            self.last_tick,
            state.is_blind,
            remember(state.views, state.told, self.policy.regions),
            self.suspect_in,
            self.held.value,
            latest.slot.tick + latest.lag_ms,
            self.last_status_change_at,
            _us(latest.outcome.latency_ms),
            reason.value,
            message,
            self.number,
        )


def _policy(row: Row) -> Policy:
    start, end = row["maintenance_from"], row["maintenance_until"]
    window = None if start is None or end is None else Window(start, end)
    regions = frozenset(row["regions"].split())
    if row["type"] == MonitorType.HEARTBEAT.value:
        # A job that did not call will not have called when we look again: its grace is the patience it gets.
        return Policy(row["interval_ms"], 0, 1, regions, window)
    return Policy(row["interval_ms"], row["retries"], row["recovery_checks"], regions, window)


def _shown(state: State, maintenance: Window | None, at: int) -> MonitorStatus:
    """The status people see then."""
    if maintenance and maintenance.holds(at):
        return MonitorStatus.MAINTENANCE
    return MonitorStatus.UNKNOWN if state.is_blind else state.status


def _attempt(policy: Policy, before: State, region: str) -> int:
    view = before.views.get(region if policy.regions else ANYWHERE, View())
    is_suspect = view.run_of is CheckStatus.DOWN and before.status is not MonitorStatus.DOWN
    return view.run_length + 1 if is_suspect and view.run_length <= policy.retries else 1


def _check_row(finding: Finding, region_number: int, attempt: int, span: Span) -> CheckRow:
    slot, lag_ms, outcome = finding
    timings = outcome.timings
    return CheckRow(
        number=slot.number,
        tick=slot.tick,
        region=region_number,
        lag_ms=min(lag_ms, LARGEST_LAG_MS),
        attempt=attempt,
        status=STATUS_CODE[outcome.status],
        reason=REASON_CODE[outcome.reason],
        status_code=outcome.status_code,
        latency_us=_us(outcome.latency_ms),
        dns_us=_us(timings.dns_ms),
        connect_us=_us(timings.connect_ms),
        tls_us=_us(timings.tls_ms),
        first_byte_us=_us(timings.first_byte_ms),
        total_us=_us(timings.total_ms),
        before=span[0],
        span_ms=span[1],
        gap_ms=span[2],
        message=outcome.message,
        detail=_evidence(outcome),
    )


def _evidence(outcome: Outcome) -> str | None:
    """What is well needs none; with it a day of 10,000 monitors would be several times as large."""
    if outcome.status is CheckStatus.UP or not outcome.detail:
        return None
    return orjson.dumps(outcome.detail).decode()


def _us(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)
