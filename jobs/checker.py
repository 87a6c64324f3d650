"""Runs checks: each at its slot, none waiting for another, every outcome to the writer.

A job only hands a batch over; a probe that hangs until its time-out delays nobody's result, verdict or alert.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import structlog

from is0k.models.monitor import read_targets, stored_settings
from is0k.probes import PROBES
from is0k.probes.base import Outcome, Probe
from is0k.probes.guard import Guard
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.enums import CheckStatus, MonitorType, Reason

log = structlog.get_logger("is0k.checker")

RUNNING_AT_ONCE = 1_000
CACHED_TARGETS = 50_000


class Slot(NamedTuple):
    """One monitor's turn. `tick` in milliseconds since the epoch; `version` says which edit of the monitor is meant."""

    number: int
    tick: int
    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a check needs to know of its monitor."""

    type: MonitorType
    settings: Any
    timeout_seconds: float
    degraded_after_ms: int | None
    interval_ms: int


class Finding(NamedTuple):
    """An outcome on its way to the writer. `lag_ms`: how much later than its slot the check began."""

    slot: Slot
    lag_ms: int
    outcome: Outcome


class Checker:
    def __init__(self, guard: Guard, clock: Clock, findings: "asyncio.Queue[Finding]") -> None:
        self.clock = clock
        self.findings = findings
        self._probes: dict[MonitorType, Probe] = {type: probe(guard) for type, probe in PROBES.items()}
        self._targets: OrderedDict[tuple[int, int], Target] = OrderedDict()
        self._waiting: set[asyncio.TimerHandle] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(RUNNING_AT_ONCE)

    async def accept(self, slots: Sequence[Slot]) -> None:
        """Start each slot's check when its time has come."""
        targets = await self._targets_of(slots)
        now, loop = milliseconds(self.clock.now()), asyncio.get_running_loop()
        for slot in slots:
            if target := targets.get((slot.number, slot.version)):
                delay = max(0, slot.tick - now) / 1000
                self._start_later(loop, delay, slot, target)

    async def close(self, grace_seconds: float) -> None:
        """Wait for what runs; what has not begun or does not end in time leaves a gap, not a verdict."""
        for timer in self._waiting:
            timer.cancel()
        if self._running:
            _, unfinished = await asyncio.wait(self._running, timeout=grace_seconds)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        for probe in self._probes.values():
            await probe.close()

    def _start_later(self, loop: asyncio.AbstractEventLoop, delay: float, slot: Slot, target: Target) -> None:
        def start() -> None:
            self._waiting.discard(timer)
            task = loop.create_task(self._check(slot, target))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        timer = loop.call_later(delay, start)
        self._waiting.add(timer)

    async def _check(self, slot: Slot, target: Target) -> None:
        async with self._places:
            lag_ms = milliseconds(self.clock.now()) - slot.tick
            outcome = await self._look(target, lag_ms)
        await self.findings.put(Finding(slot, max(0, lag_ms), outcome))

    async def _look(self, target: Target, lag_ms: int) -> Outcome:
        if lag_ms > target.interval_ms:
            return Outcome(CheckStatus.UNKNOWN, Reason.LATE, f"Picked up {lag_ms / 1000:.0f} s after its time")
        try:
            outcome = await self._probes[target.type].run(target.settings, target.timeout_seconds)
        except Exception:
            # A fault in a probe is ours: it must not count against the target, nor stop the other checks.
            log.exception("a probe failed", type=target.type.value)
            return Outcome(
                CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR, "The probe failed; the log of the worker has more"
            )
        return _judge_latency(outcome, target.degraded_after_ms)

    async def _targets_of(self, slots: Iterable[Slot]) -> dict[tuple[int, int], Target]:
        """Settings change rarely: a target is read once for each version of its monitor."""
        missing = [slot.number for slot in slots if (slot.number, slot.version) not in self._targets]
        if missing:
            for row in await read_targets(missing):
                self._targets[row["number"], row["version"]] = _target(row)
        found = {}
        for slot in slots:
            key = slot.number, slot.version
            if key in self._targets:
                self._targets.move_to_end(key)
                found[key] = self._targets[key]
        while len(self._targets) > CACHED_TARGETS:
            self._targets.popitem(last=False)
        return found


def _target(row: Any) -> Target:
    return Target(
        type=MonitorType(row["type"]),
        settings=stored_settings(row),
        timeout_seconds=row["timeout_seconds"],
        degraded_after_ms=row["degraded_after_ms"],
        interval_ms=row["interval_seconds"] * 1000,
    )


def _judge_latency(outcome: Outcome, degraded_after_ms: int | None) -> Outcome:
    latency_ms = outcome.latency_ms
    if (
        outcome.status is not CheckStatus.UP
        or not degraded_after_ms
        or not latency_ms
        or latency_ms <= degraded_after_ms
    ):
        return outcome
    message = f"took {latency_ms:.0f} ms, more than {degraded_after_ms} ms"
    return replace(outcome, status=CheckStatus.DEGRADED, message=message)
