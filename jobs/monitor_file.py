"""A monitor's row while findings are worked into it: what history keeps of them, and what they change."""

from uuid import UUID

import orjson

from is0k.jobs.checker import Finding
from is0k.jobs.verdict import Policy, Result, State, Transition, Verdict, judge
from is0k.models.check import REASON_CODE, STATUS_CODE, CheckRow
from is0k.models.sql import Row, as_uuid
from is0k.probes.base import Outcome
from is0k.resolvers.announcer import StatusChange
from is0k.schema.enums import CheckStatus, MonitorStatus

# A check later than 1.5 intervals after the one before leaves a gap in what was watched.
GAP_FACTOR = 1.5
LARGEST_LAG_MS = 2**31 - 1

CHECK_STATUS = {status.value: status for status in CheckStatus}
MONITOR_STATUS = {status.value: status for status in MonitorStatus}

# Status of the check before, time since it, and how much of that was not watched.
Span = tuple[int | None, int, int]
NO_SPAN: Span = (None, 0, 0)


class MonitorFile:
    """Findings are added oldest first."""

    def __init__(self, row: Row) -> None:
        self.number: int = row["number"]
        self.id, self.organization_id = as_uuid(row["id"]), as_uuid(row["organization_id"])
        self.policy = Policy(row["interval_ms"], row["retries"], row["recovery_checks"])
        self.state = State(
            row["epoch"],
            MONITOR_STATUS[row["status"]],
            row["last_tick"],
            CHECK_STATUS.get(row["run_of"]),
            row["run_length"],
            row["run_since"],
            bool(row["is_blind"]),
        )
        self.last_status = CHECK_STATUS.get(row["last_status"])
        self.last_status_change_at: int | None = row["last_status_change_at"]
        self.latest: Finding | None = None  # of those that count
        self.recheck_at: int | None = None
        self.transitions: list[tuple[Transition, Outcome]] = []
        # What whoever listens is told once it is stored.
        self.counted: list[CheckRow] = []
        self.changes: list[StatusChange] = []
        self.incident_ids: list[UUID] = []

    def add(self, finding: Finding, region_number: int) -> CheckRow:
        """Judge a finding, and make the row that history keeps of it."""
        slot, _, outcome = finding
        before, span = self.state, NO_SPAN
        result = Result(slot.tick, slot.epoch, outcome.status, outcome.reason, outcome.message)
        verdict = judge(self.policy, before, result)
        if verdict.is_applied:
            span = self._span(slot.tick)
            self._apply(verdict, finding)
        row = _check_row(finding, region_number, _attempt(before), span)
        if verdict.is_applied:
            self.counted.append(row)
        return row

    def _span(self, tick: int) -> Span:
        last_tick, interval_ms = self.state.last_tick, self.policy.interval_ms
        if last_tick is None or self.last_status is None:
            return NO_SPAN
        span_ms = tick - last_tick
        gap_ms = span_ms - interval_ms if span_ms > GAP_FACTOR * interval_ms else 0
        return STATUS_CODE[self.last_status], span_ms, gap_ms

    def _apply(self, verdict: Verdict, finding: Finding) -> None:
        if verdict.state.status is not self.state.status:
            self.last_status_change_at = verdict.state.run_since
        before, after = _shown(self.state), _shown(verdict.state)
        if before is not after:
            at = finding.slot.tick if verdict.transition is None else verdict.transition.at
            self.changes.append(StatusChange(self.id, before, after, at, finding.outcome.reason))
        self.state, self.recheck_at, self.latest = verdict.state, verdict.recheck_at, finding
        self.last_status = finding.outcome.status
        if verdict.transition:
            self.transitions.append((verdict.transition, finding.outcome))

    def saved(self) -> tuple[object, ...]:
        """In the order of `save_states`."""
        state, latest = self.state, self.latest
        assert latest is not None
        assert self.last_status is not None
        return (
            state.status.value,
            state.last_tick,
            state.run_of.value if state.run_of else None,
            state.run_length,
            state.run_since,
            state.is_blind,
            self.last_status.value,
            latest.slot.tick + latest.lag_ms,
            self.last_status_change_at,
            _us(latest.outcome.latency_ms),
            latest.outcome.reason.value,
            latest.outcome.message,
            self.number,
        )


def _shown(state: State) -> MonitorStatus:
    """The status people see."""
    return MonitorStatus.UNKNOWN if state.is_blind else state.status


def _attempt(before: State) -> int:
    is_suspect = before.run_of is CheckStatus.DOWN and before.status is not MonitorStatus.DOWN
    return before.run_length + 1 if is_suspect else 1


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
