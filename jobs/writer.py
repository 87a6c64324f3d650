"""Writes findings in bulk: checks, verdicts and incidents in one transaction, and nobody waits for a single row.

A finding that cannot be written is kept and tried again: a fault of our storage is never a result.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

import structlog
from tortoise.transactions import in_transaction

from is0k.jobs.checker import Finding, Slot
from is0k.jobs.good_looks import GoodLooks, row_of
from is0k.jobs.incidents import record_transition
from is0k.jobs.monitor_file import MonitorFile, Place
from is0k.jobs.stopping import within
from is0k.models.check import insert_checks
from is0k.models.last_good import write_last_good
from is0k.models.monitor_state import lock_states, recheck, save_states
from is0k.schema.clock import Clock, milliseconds

log = structlog.get_logger("is0k.writer")

FLUSH_SECONDS = 0.25
FLUSH_ROWS = 500
RETRY_SECONDS = 1.0
# Less than roll-ups wait for the last results of an hour.
LONGEST_HELD_MS = 5 * 60_000
# So many times may a finding be refused while others are written, before it is taken to be at fault itself.
REFUSALS = 3

Tell = Callable[[Sequence[MonitorFile]], None]


class Writer:
    """`tell` hears of what is stored, after it is: it is quick, and waits for nobody."""

    def __init__(
        self, place: Place, clock: Clock, retry_seconds: float = RETRY_SECONDS, tell: Tell | None = None
    ) -> None:
        self.place, self.clock, self.retry_seconds, self.tell = place, clock, retry_seconds, tell
        self._new: deque[Finding] = deque()
        self._held: list[Finding] = []  # taken, and not written yet
        self._refusals: Counter[Slot] = Counter()
        self._looks = GoodLooks()
        self._arrived, self._full = asyncio.Event(), asyncio.Event()
        self._is_stopping = False

    def add(self, finding: Finding) -> None:
        self._new.append(finding)
        self._arrived.set()
        if len(self._new) >= FLUSH_ROWS:
            self._full.set()

    def stop(self) -> None:
        """Write what is there, then end."""
        self._is_stopping = True
        self._arrived.set()
        self._full.set()

    async def run(self) -> None:
        try:
            while self._held or self._new or not self._is_stopping:
                await self._until_it_is_time()
                self._take()
                await self._write()
        finally:
            if lost := len(self._held) + len(self._new):
                log.error("stopped before all results were written: the time they cover stays unknown", results=lost)

    async def _until_it_is_time(self) -> None:
        if self._held:
            await asyncio.sleep(self.retry_seconds)
            return
        if not self._new:
            self._arrived.clear()
            await self._arrived.wait()
        if len(self._new) < FLUSH_ROWS and not self._is_stopping:
            self._full.clear()
            await within(self._full, FLUSH_SECONDS)

    def _take(self) -> None:
        """What could not be written is tried again together with what has come since."""
        while self._new and len(self._held) < FLUSH_ROWS:
            self._held.append(self._new.popleft())
        oldest = milliseconds(self.clock.now()) - LONGEST_HELD_MS
        held, self._held = self._held, [finding for finding in self._held if finding.slot.tick > oldest]
        if dropped := len(held) - len(self._held):
            log.error("results dropped, they are too old: the time they cover stays unknown", results=dropped)

    async def _write(self) -> None:
        try:
            await self._write_some(self._held)
            self._held = []
            self._refusals.clear()
        except Exception as error:
            log.warning("could not write results, trying again", results=len(self._held), error=repr(error))
            await self._write_apart()

    async def _write_apart(self) -> None:
        """One by one, so that a finding the database refuses holds up nobody but its own monitor's."""
        before, refused = len(self._held), dict[int, tuple[Finding, Exception]]()
        for finding in sorted(self._held, key=lambda finding: finding.slot.tick):
            # After a later one it would count as late.
            if finding.slot.number in refused:
                continue
            try:
                await self._write_some([finding])
                self._held.remove(finding)
            except Exception as error:
                if not await asyncio.create_task(_database_answers()):
                    return
                refused[finding.slot.number] = finding, error
        if len(self._held) < before:
            # Others could be written: it is not the database.
            self._blame(refused.values())

    def _blame(self, refused: Iterable[tuple[Finding, Exception]]) -> None:
        for finding, error in refused:
            self._refusals[finding.slot] += 1
            if self._refusals[finding.slot] == REFUSALS:
                log.error("a result cannot be written and is dropped", monitor=finding.slot.number, exc_info=error)
                self._held.remove(finding)

    async def _write_some(self, findings: Sequence[Finding]) -> None:
        # Tortoise leaves a transaction that failed to begin in its task, and all later ones would be within it.
        files = await asyncio.create_task(write(findings, self.place, milliseconds(self.clock.now()), self._looks))
        if self.tell and files:
            try:
                self.tell(files)
            except Exception:
                # It is stored: written again it would be there twice.
                log.exception("what was written could not be announced")


async def write(
    findings: Sequence[Finding], place: Place, now: int = 0, looks: GoodLooks | None = None
) -> Sequence[MonitorFile]:
    """Judge and store these findings: all or nothing. A recheck is due no sooner than `now`.

    Returned are the monitors of which something counts.
    """
    looks = looks or GoodLooks()
    async with in_transaction():
        states = await lock_states(sorted({finding.slot.number for finding in findings}))
        files = {row["number"]: MonitorFile(row) for row in states}
        checks = [
            files[finding.slot.number].add(finding, place)
            for finding in sorted(findings, key=lambda finding: finding.slot.tick)
            if finding.slot.number in files  # else it was deleted or paused meanwhile
        ]
        await insert_checks(checks)
        changed = [file for file in files.values() if file.latest]
        for file in changed:
            for transition, finding in file.transitions:
                file.incident_ids += await record_transition(file.number, transition, finding)
        # After the incidents, which look for what was good before them.
        news = looks.news(file.good for file in changed if file.good)
        await write_last_good([row_of(finding, place.number) for finding in news])
        await save_states([file.saved() for file in changed])
        await recheck([(file.number, max(file.recheck_at, now)) for file in changed if file.recheck_at is not None])
    looks.learn(news)
    return changed


async def _database_answers() -> bool:
    try:
        async with in_transaction():
            return True
    except Exception:
        return False
