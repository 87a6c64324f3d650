"""Runs checks: each at its slot, none waiting for another, every outcome to the writer.

A job only hands a batch over; a probe that hangs until its time-out delays nobody's result, verdict or alert.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog

from is0k.jobs.doubts import Look
from is0k.jobs.heartbeats import Heartbeats
from is0k.jobs.storable import storable
from is0k.models.monitor import read_targets, stored_assertions, stored_settings
from is0k.models.sql import Row
from is0k.probes.assertions import assess, wants_body
from is0k.probes.base import Outcome, Probe, judge_latency
from is0k.schema.assertion import Assertion
from is0k.schema.clock import Clock
from is0k.schema.enums import CheckStatus, MonitorType, Reason

log = structlog.get_logger("is0k.checker")

RUNNING_AT_ONCE = 5_000
CACHED_TARGETS = 50_000
# A probe ends within its time-out. One that does not is broken, and must not keep its place for ever.
GRACE_SECONDS = 2.0


class Slot(NamedTuple):
    """One monitor's turn. `tick` in milliseconds since the epoch; `version` says which edit of the monitor is meant."""

    number: int
    tick: int
    epoch: int
    version: int


class Finding(NamedTuple):
    """An outcome on its way to the writer. `lag_ms`: how much later than its slot the check began."""

    slot: Slot
    lag_ms: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Target:
    """What a check needs to know of its monitor."""

    version: int
    type: MonitorType
    settings: Any
    timeout_seconds: float
    degraded_after_ms: int | None
    interval_ms: int
    assertions: Sequence[Assertion]
    wants_body: bool

    @property
    def asks_system(self) -> bool:
        """A dns monitor may name its own name server; all others find their target as this machine does."""
        return getattr(self.settings, "resolver", None) is None


# Hears of every outcome, and makes those unknown that may have been our own fault; see jobs/observer.py.
Vouch = Callable[[Look, Outcome], Awaitable[Outcome]]


async def trust(look: Look, outcome: Outcome) -> Outcome:
    return outcome


class Checker:
    """`deliver` takes each finding, after `vouch` has seen its outcome. The probes are closed with it."""

    def __init__(
        self,
        probes: Mapping[MonitorType, Probe],
        clock: Clock,
        deliver: Callable[[Finding], None],
        running_at_once: int = RUNNING_AT_ONCE,
        vouch: Vouch = trust,
    ) -> None:
        self.probes, self.clock, self.deliver, self.vouch = probes, clock, deliver, vouch
        self.heartbeats = Heartbeats(clock)
        self._targets: OrderedDict[int, Target] = OrderedDict()
        self._waiting: dict[Slot, asyncio.TimerHandle] = {}
        self._running: dict[Slot, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(running_at_once)
        self._worst_lag_ms: int | None = None

    async def accept(self, slots: Sequence[Slot]) -> None:
        """Start each slot's check when its time has come. A slot that is here already is not run twice."""
        targets = await self._targets_of(slots)
        now, loop = self.clock.now().timestamp() * 1000, asyncio.get_running_loop()
        for slot in slots:
            target = targets.get(slot.number)
            if target and slot not in self._waiting and slot not in self._running:
                # From here on the wall clock may jump: what is awaited, and how late it is, is up to the loop's.
                due = loop.time() + (slot.tick - now) / 1000
                # uvloop's timers count in whole milliseconds and may be one early.
                self._waiting[slot] = loop.call_at(max(loop.time(), due + 0.001), self._start, slot, target, due)

    def take_worst_lag_ms(self) -> int | None:
        """How late the latest check of all began that began since this was asked last; None if none did."""
        worst, self._worst_lag_ms = self._worst_lag_ms, None
        return worst

    def give_up_waiting(self) -> list[Slot]:
        """The slots whose time has not come; nobody here will start them any more."""
        slots = list(self._waiting)
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        return slots

    async def close(self, grace_seconds: float) -> None:
        """Wait for what runs. What does not end in time leaves a gap, not a verdict."""
        self.give_up_waiting()
        if self._running:
            _, unfinished = await asyncio.wait(self._running.values(), timeout=grace_seconds)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        for probe in self.probes.values():
            await probe.close()

    def _start(self, slot: Slot, target: Target, due: float) -> None:
        del self._waiting[slot]
        task = asyncio.get_running_loop().create_task(self._check(slot, target, due))
        self._running[slot] = task
        task.add_done_callback(lambda _: self._running.pop(slot))

    async def _check(self, slot: Slot, target: Target, due: float) -> None:
        async with self._places:
            lag_ms, began = int((asyncio.get_running_loop().time() - due) * 1000), time.monotonic()
            self._worst_lag_ms = max(0, lag_ms, self._worst_lag_ms or 0)
            outcome = await self._look(slot, target, lag_ms)
        if outcome is None:
            return
        # What a job has told us itself needs nobody's word.
        if target.type is not MonitorType.HEARTBEAT or outcome.reason is Reason.MISSED:
            outcome = await self.vouch(Look(slot.number, began, target.asks_system), outcome)
        self.deliver(Finding(slot, max(0, lag_ms), storable(outcome)))

    async def _look(self, slot: Slot, target: Target, lag_ms: int) -> Outcome | None:
        """None when there is nothing to say."""
        if lag_ms > target.interval_ms:
            return Outcome(CheckStatus.UNKNOWN, Reason.LATE, f"Picked up {lag_ms / 1000:.0f} s after its time")
        try:
            async with asyncio.timeout(target.timeout_seconds + GRACE_SECONDS):
                outcome = await self._ask(slot, target)
            if outcome is not None:
                outcome = await assess(outcome, target.assertions)
        except Exception:
            # A fault in a probe is ours: it must not count against the target, nor stop the other checks.
            log.exception("a probe failed", type=target.type.value)
            message = "The probe failed; the log of the worker has more"
            return Outcome(CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR, message)
        return outcome and judge_latency(outcome, target.degraded_after_ms)

    async def _ask(self, slot: Slot, target: Target) -> Outcome | None:
        if target.type is MonitorType.HEARTBEAT:
            return await self.heartbeats.ask(slot.number, target.settings, slot.tick + target.interval_ms)
        return await self.probes[target.type].run(target.settings, target.timeout_seconds, target.wants_body)

    async def _targets_of(self, slots: Sequence[Slot]) -> dict[int, Target]:
        """Settings change rarely: a target is read when it is first needed, and again when its monitor was edited."""
        unknown = [slot.number for slot in slots if not self._is_known(slot)]
        for number in unknown:
            self._targets.pop(number, None)
        if unknown:
            self._targets.update((row["number"], _target(row)) for row in await read_targets(unknown))
        found = {slot.number: self._targets[slot.number] for slot in slots if slot.number in self._targets}
        for number in found:
            self._targets.move_to_end(number)
        while len(self._targets) > CACHED_TARGETS:
            self._targets.popitem(last=False)
        return found

    def _is_known(self, slot: Slot) -> bool:
        """A newer edit will do as well: if it is of another target, the result will not count."""
        target = self._targets.get(slot.number)
        return target is not None and target.version >= slot.version


def _target(row: Row) -> Target:
    assertions = stored_assertions(row)
    return Target(
        version=row["version"],
        type=MonitorType(row["type"]),
        settings=stored_settings(row),
        timeout_seconds=row["timeout_seconds"],
        degraded_after_ms=row["degraded_after_ms"],
        interval_ms=row["interval_seconds"] * 1000,
        assertions=assertions,
        wants_body=wants_body(assertions),
    )
