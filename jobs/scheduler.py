"""Every second, claims what is due in the next and hands it out in batches.

Any number of schedulers may run: a claim is one statement and atomic. Slots are claimed ahead of their time and carry
it along, so that checks start at their slot and not when a second happens to begin.
"""

import asyncio
import itertools
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence

import structlog

from is0k.jobs.checker import Slot
from is0k.jobs.queue import Queue, QueueAway, checks_queue
from is0k.models.monitor_state import claim, give_back
from is0k.models.sql import Row
from is0k.schema.clock import Clock, milliseconds

log = structlog.get_logger("is0k.scheduler")

AHEAD_MS = 2_000
CLAIM_LIMIT = 20_000
BATCH_SIZE = 200
# Later than this a slot was missed (everything was stopped), and its check is spread over what is left of a minute.
OVERDUE_MS = 5_000
LONGEST_SPREAD_MS = 60_000

Accept = Callable[[Sequence[Slot]], Awaitable[None]]


class Scheduler:
    """`accept` runs a batch in this process: where checks go when Redis is away."""

    def __init__(self, region: str, queue: Queue, accept: Accept, clock: Clock) -> None:
        self.region, self.queue, self.accept, self.clock = region, queue, accept, clock
        self._ids = (f"{region}:{secrets.token_hex(4)}:{count}" for count in itertools.count())
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while True:
            try:
                await self.claim_once()
            except Exception:
                # The database is away or busy. Nothing is lost: what is due stays due.
                log.exception("could not claim what is due")
            await asyncio.sleep(1 - self.clock.now().timestamp() % 1)

    async def claim_once(self) -> None:
        now = milliseconds(self.clock.now())
        rows = await claim(now, now + AHEAD_MS, CLAIM_LIMIT)
        for region, slots in slots_by_region(rows, self.region, now).items():
            for batch in batched(slots):
                # In a task of its own: a Redis that is slow to answer must not hold up the next second.
                task = asyncio.create_task(self._hand_out(region, batch))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _hand_out(self, region: str, batch: list[Slot]) -> None:
        try:
            await self.queue.send(checks_queue(region), next(self._ids), "run_checks", batch)
        except QueueAway as error:
            log.warning("the queue is away", error=str(error), checks=len(batch), region=region)
            if region == self.region:
                # If the job was taken all the same, the check runs twice and its slot is written once.
                await self.accept(batch)
            else:
                await give_back([slot.number for slot in batch])

    async def close(self) -> None:
        await asyncio.gather(*self._sending, return_exceptions=True)


def slots_by_region(rows: Sequence[Row], own_region: str, now: int) -> dict[str, list[Slot]]:
    """Each claimed row as slots, in every region it is checked from; a monitor without regions is checked here."""
    found: dict[str, list[Slot]] = defaultdict(list)
    for row in rows:
        slot = Slot(row["number"], start_of(row, now), row["epoch"], row["version"])
        for region in row["regions"].split() or [own_region]:
            found[region].append(slot)
    return found


def start_of(row: Row, now: int) -> int:
    """The slot itself; a missed one is put off by the monitor's own phase, so that a restart is not a stampede."""
    slot_at: int = row["slot_at"]
    if slot_at >= now - OVERDUE_MS:
        return slot_at
    spread: int = row["phase_ms"] % min(row["interval_ms"], LONGEST_SPREAD_MS)
    return now + spread


def batched(slots: list[Slot]) -> Iterator[list[Slot]]:
    return (slots[start : start + BATCH_SIZE] for start in range(0, len(slots), BATCH_SIZE))
