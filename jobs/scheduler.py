"""Every second, claims what is due in the next and hands it out in batches.

Any number of schedulers may run: a claim is one statement and atomic. Slots are claimed ahead of their time and carry
it along, so that checks start at their slot and not when a second happens to begin.
"""

import asyncio
import itertools
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence

import structlog

from is0k.jobs.checker import Slot
from is0k.jobs.queue import Queue, QueueAway, checks_queue
from is0k.jobs.stopping import within
from is0k.models.monitor_state import claim, give_back, start_of, start_over
from is0k.models.region import online_regions
from is0k.models.sql import Row
from is0k.schema.clock import Clock, milliseconds

log = structlog.get_logger("is0k.scheduler")

AHEAD_MS = 2_000
CLAIM_LIMIT = 20_000
BATCH_SIZE = 200
# Without Redis the other regions cannot be reached; asking again every second would only keep the database busy.
ASK_AGAIN_MS = 10_000
# A wall clock that is set back by less is waited for.
CLOCK_TOLERANCE_MS = 60_000
TURNS_BETWEEN_CLOCK_CHECKS = 60
# Who is to confirm must be there now: a region that has missed two signs of life is not asked.
ONLINE_MS = 25_000
ONLINE_ASKED_MS = 10_000

Accept = Callable[[Sequence[Slot]], Awaitable[None]]


class Scheduler:
    """`accept` runs a batch in this process: where checks go when Redis is away."""

    def __init__(self, region: str, queue: Queue, accept: Accept, clock: Clock) -> None:
        self.region, self.queue, self.accept, self.clock = region, queue, accept, clock
        self._ids = (f"{region}:{secrets.token_hex(4)}:{count}" for count in itertools.count())
        self._sending: set[asyncio.Task[None]] = set()
        self._online, self._online_asked_at = list[str](), -ONLINE_ASKED_MS
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Claim no more; what is claimed is handed out."""
        self._stopping.set()

    async def run(self) -> None:
        turn = 0
        while not self._stopping.is_set():
            await self._take_turn(is_clock_checked=turn % TURNS_BETWEEN_CLOCK_CHECKS == 0)
            turn += 1
            # A timer may be a millisecond early; the same second would then have two turns.
            await within(self._stopping, 1.002 - self.clock.now().timestamp() % 1)
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _take_turn(self, is_clock_checked: bool) -> None:
        try:
            if is_clock_checked:
                await self.check_clock()
            await self.claim_once()
        except Exception:
            # The database is away or busy. Nothing is lost: what is due stays due.
            log.exception("could not claim what is due")

    async def check_clock(self) -> None:
        if count := await start_over(milliseconds(self.clock.now()), CLOCK_TOLERANCE_MS):
            log.warning("the clock was set back; the schedule begins anew", monitors=count)

    async def claim_once(self) -> None:
        now = milliseconds(self.clock.now())
        # Before the claim: if this fails, nothing is claimed and lost.
        await self._ask_who_is_online(now)
        rows = await claim(now, now + AHEAD_MS, CLAIM_LIMIT)
        slots = slots_by_region(rows, self.region, now, self._online)
        own, anywhere = set(slots[self.region]), {row["number"] for row in rows if not row["regions"]}
        for region in slots:
            for batch in batched(slots[region]):
                # In a task of its own: a Redis that is slow to answer must not hold up the next second.
                task = asyncio.create_task(self._hand_out(region, batch, own, anywhere))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _ask_who_is_online(self, now: int) -> None:
        if abs(now - self._online_asked_at) >= ONLINE_ASKED_MS:
            self._online, self._online_asked_at = await online_regions(now - ONLINE_MS), now

    async def _hand_out(self, region: str, batch: list[Slot], own: Collection[Slot], anywhere: Collection[int]) -> None:
        try:
            await self.queue.send(checks_queue(region), next(self._ids), "run_checks", batch)
        except QueueAway as error:
            log.warning("the queue is away", error=str(error), checks=len(batch), region=region)
            await self._hand_out_without_queue(region, batch, own, anywhere)

    async def _hand_out_without_queue(
        self, region: str, batch: list[Slot], own: Collection[Slot], anywhere: Collection[int]
    ) -> None:
        try:
            # If the job was taken all the same, the check may run twice; its slot is written once.
            if here := [slot for slot in batch if region == self.region or slot.number in anywhere]:
                await self.accept(here)
            if back := [slot for slot in batch if slot not in own and slot.number not in anywhere]:
                again_at = milliseconds(self.clock.now()) + ASK_AGAIN_MS
                await give_back((slot.number, again_at, slot.version) for slot in back)
        except Exception:
            log.exception("checks could not be handed out: this turn of theirs is lost", checks=len(batch))


def slots_by_region(
    rows: Sequence[Row], own_region: str, now: int, online: Sequence[str] = ()
) -> dict[str, list[Slot]]:
    """Each claimed row as slots, in every region it is checked from; a monitor without regions is checked here.

    One that has just failed here is confirmed from another region, if any is online.
    """
    found: dict[str, list[Slot]] = defaultdict(list)
    for row in rows:
        tick = start_of(row["slot_at"], now, row["phase_ms"], row["interval_ms"])
        slot = Slot(row["number"], tick, row["epoch"], row["version"])
        for region in row["regions"].split() or [_free_place(row, own_region, online)]:
            found[region].append(slot)
    return found


def _free_place(row: Row, own_region: str, online: Sequence[str]) -> str:
    others = [region for region in online if region != own_region]
    # A regular slot stays here: if the other region is gone after all, the next is not lost as well.
    is_regular = (row["slot_at"] - row["phase_ms"]) % row["interval_ms"] == 0
    if row["suspect_in"] != own_region or is_regular or not others:
        return own_region
    number: int = row["number"]
    return others[number % len(others)]


def batched(slots: list[Slot]) -> Iterator[list[Slot]]:
    return (slots[start : start + BATCH_SIZE] for start in range(0, len(slots), BATCH_SIZE))
