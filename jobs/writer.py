"""Writes findings in bulk: checks, verdicts and incidents in one transaction, and nobody waits for a single row.

A finding that cannot be written is kept and tried again: a fault of our storage is never a result.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import structlog
from tortoise.transactions import in_transaction

from is0k.jobs.checker import Finding
from is0k.jobs.incidents import record_transition
from is0k.jobs.verdict import Policy, Result, State, Verdict, judge
from is0k.models.check import REASON_CODE, STATUS_CODE, CheckRow, insert_checks
from is0k.models.monitor_state import lock_states, save_states
from is0k.models.sql import Row
from is0k.schema.enums import CheckStatus, MonitorStatus

log = structlog.get_logger("is0k.writer")

FLUSH_SECONDS = 0.25
FLUSH_ROWS = 500
RETRY_SECONDS = 1.0
LONGEST_HELD_SECONDS = 300
# A check later than 1.5 intervals after the one before leaves a gap in what was watched.
GAP_FACTOR = 1.5


@dataclass(slots=True)
class Held:
    """A batch that waits to be written."""

    findings: list[Finding]
    since: float


class Writer:
    def __init__(self, region_number: int, findings: "asyncio.Queue[Finding]") -> None:
        self.region_number = region_number
        self.findings = findings

    async def run(self) -> None:
        while True:
            held = Held([await self.findings.get()], time.monotonic())
            try:
                await self._gather(held.findings)
            finally:
                # Cancelled or not, what has been taken from the queue is written.
                await self._write_surely(held)

    async def close(self) -> None:
        """Write what is left."""
        rest = [self.findings.get_nowait() for _ in range(self.findings.qsize())]
        for start in range(0, len(rest), FLUSH_ROWS):
            await write(rest[start : start + FLUSH_ROWS], self.region_number)

    async def _gather(self, batch: list[Finding]) -> None:
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                while len(batch) < FLUSH_ROWS:
                    batch.append(await self.findings.get())
        except TimeoutError:
            return

    async def _write_surely(self, held: Held) -> None:
        while True:
            try:
                await write(held.findings, self.region_number)
                return
            except Exception:
                age = time.monotonic() - held.since
                log.exception("could not write results", results=len(held.findings), held_seconds=round(age))
                if age > LONGEST_HELD_SECONDS:
                    log.error("results dropped: the time they cover stays unknown", results=len(held.findings))
                    return
                await asyncio.sleep(RETRY_SECONDS)


async def write(findings: Sequence[Finding], region_number: int) -> None:
    """Judge and store these findings: all or nothing."""
    async with in_transaction():
        states = await lock_states(sorted({finding.slot.number for finding in findings}))
        files = {number: MonitorFile(row) for number, row in states.items()}
        checks = [
            files[finding.slot.number].add(finding, region_number)
            for finding in sorted(findings, key=lambda finding: finding.slot.tick)
            if finding.slot.number in files  # else it was deleted or paused meanwhile
        ]
        await insert_checks(checks)
        for file in files.values():
            for verdict, finding in file.transitions:
                await record_transition(file.row, verdict, finding)
        await save_states([file.saved() for file in files.values() if file.is_changed])


class MonitorFile:
    """One monitor's row while its findings are worked in, oldest first."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.policy = Policy(row["interval_ms"], row["retries"], row["recovery_checks"])
        self.state = State(
            epoch=row["epoch"],
            status=MonitorStatus(row["status"]),
            last_tick=row["last_tick"],
            run_of=CheckStatus(row["run_of"]) if row["run_of"] else None,
            run_length=row["run_length"],
            run_since=row["run_since"],
            is_blind=bool(row["is_blind"]),
        )
        self.recheck_at: int | None = None
        self.is_changed = False
        self.transitions: list[tuple[Verdict, Finding]] = []

    def add(self, finding: Finding, region_number: int) -> CheckRow:
        """Judge a finding, and make the row that history keeps of it."""
        slot, outcome = finding.slot, finding.outcome
        result = Result(slot.tick, slot.epoch, outcome.status, outcome.reason, outcome.message)
        before, verdict = self.state, judge(self.policy, self.state, result)
        span = self._span(before, slot.tick) if verdict.is_applied else (None, 0, 0)
        row = _check_row(finding, region_number, _attempt(before), span)
        if verdict.is_applied:
            self._apply(verdict, finding)
        return row

    def _span(self, before: State, tick: int) -> tuple[int | None, int, int]:
        """(status of the check before, time since it, how much of that was not watched)."""
        if before.last_tick is None or self.row["last_status"] is None:
            return None, 0, 0
        span_ms = tick - before.last_tick
        interval_ms = self.row["interval_ms"]
        gap_ms = span_ms - interval_ms if span_ms > GAP_FACTOR * interval_ms else 0
        return STATUS_CODE[CheckStatus(self.row["last_status"])], span_ms, gap_ms

    def _apply(self, verdict: Verdict, finding: Finding) -> None:
        slot, outcome, row = finding.slot, finding.outcome, self.row
        if verdict.state.status is not self.state.status:
            row["last_status_change_at"] = verdict.state.run_since
        self.state, self.recheck_at, self.is_changed = verdict.state, verdict.recheck_at, True
        if verdict.transition:
            self.transitions.append((verdict, finding))
        row["last_status"] = outcome.status.value
        row["last_checked_at"] = slot.tick + finding.lag_ms
        row["last_latency_us"] = _us(outcome.latency_ms)
        row["last_reason"] = outcome.reason.value
        row["last_message"] = outcome.message

    def saved(self) -> Sequence[object]:
        """In the order of `save_states`."""
        state, row = self.state, self.row
        return (
            state.status.value,
            state.last_tick,
            state.run_of.value if state.run_of else None,
            state.run_length,
            state.run_since,
            state.is_blind,
            row["last_status"],
            row["last_checked_at"],
            row["last_status_change_at"],
            row["last_latency_us"],
            row["last_reason"],
            row["last_message"],
            self.recheck_at,
            row["number"],
        )


def _attempt(before: State) -> int:
    is_suspect = before.run_of is CheckStatus.DOWN and before.status is not MonitorStatus.DOWN
    return before.run_length + 1 if is_suspect else 1


def _check_row(finding: Finding, region_number: int, attempt: int, span: tuple[int | None, int, int]) -> CheckRow:
    slot, outcome = finding.slot, finding.outcome
    timings = outcome.timings
    return CheckRow(
        number=slot.number,
        tick=slot.tick,
        region=region_number,
        lag_ms=finding.lag_ms,
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
        detail=orjson.dumps(outcome.detail).decode() if outcome.detail else None,
    )


def _us(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)
