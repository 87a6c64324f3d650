"""The worker process: scheduler, checker, writer and upkeep of one region, on one event loop."""

import asyncio
import gc
import resource
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import structlog
import uvloop
from arq.cron import CronJob, cron
from arq.typing import WorkerCoroutine
from arq.worker import Function, func

from is0k.jobs.announcements import announcements
from is0k.jobs.checker import RUNNING_AT_ONCE, Checker, Slot
from is0k.jobs.dead_man import DeadManSwitch
from is0k.jobs.lookout import Lookout
from is0k.jobs.monitor_file import MonitorFile, Place
from is0k.jobs.observer import Observer
from is0k.jobs.presence import Presence
from is0k.jobs.queue import UPKEEP_QUEUE, Queue, QueueWorker, checks_queue
from is0k.jobs.rounds import Rounds
from is0k.jobs.scheduler import Scheduler
from is0k.jobs.self_check import SelfCheck
from is0k.jobs.stopping import end
from is0k.jobs.upkeep import Enough, forget_old, keep_maintenance, roll_up, tidy
from is0k.jobs.writer import Writer
from is0k.models.check import make_partitions
from is0k.models.database import opened
from is0k.models.monitor_state import give_back
from is0k.models.own_addresses import own_addresses
from is0k.models.region import read_canaries, region_number
from is0k.probes import PROBES
from is0k.probes.base import Probe
from is0k.probes.canaries import Canary, Dial, Reach
from is0k.probes.guard import Guard
from is0k.resolvers.announcer import Announcer
from is0k.schema.clock import Clock, SystemClock, milliseconds
from is0k.schema.enums import MonitorType
from is0k.settings import Settings, plain, program_version

log = structlog.get_logger("is0k.worker")

# Together less than the supervisor waits before it kills.
SCHEDULER_END_SECONDS = 1.5
QUEUES_END_SECONDS = 3.5
CHECKS_END_SECONDS = 3.0
WRITER_END_SECONDS = 3.0
# An upkeep job that has much to catch up on leaves the rest to the next minute.
TURN_SECONDS = 240.0
UPKEEP_TIMEOUT_SECONDS = 300

Part = asyncio.Task[None]
UpkeepJob = Callable[[int, Enough], Awaitable[None]]


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what runs and return."""
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    clock, stop = SystemClock(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with opened(settings):
        await make_partitions(milliseconds(clock.now()))
        # Before the first check: a window may have begun while no worker was there.
        await keep_maintenance(milliseconds(clock.now()))
        guard = Guard(settings.allowed_networks, own_addresses(settings))
        probes = {type: probe(guard) for type, probe in PROBES.items()}
        worker = RegionWorker(settings, await region_number(settings.region), probes, clock)
        # What is there by now stays: looking through it for garbage would hold up all checks for a tenth of a second.
        gc.collect()
        gc.freeze()
        log.info("worker started", region=settings.region)
        await worker.run_until(stop)
        log.info("worker stopped", region=settings.region)


class RegionWorker:
    def __init__(
        self, settings: Settings, region_number: int, probes: Mapping[MonitorType, Probe], clock: Clock
    ) -> None:
        self._is_stopping = False
        region, redis = settings.region, settings.redis
        self.region = region
        self.queue = Queue.connect(redis)
        self.announcer = Announcer(redis)
        self.writer = Writer(Place(region_number, region), clock, tell=self._announce)
        self.dial = Dial()
        self.observer = _observer(settings, region_number, self.dial, clock)
        self.dead_man = DeadManSwitch(plain(settings.heartbeat_url), SelfCheck(region_number, clock), clock)
        self.checker = Checker(probes, clock, self.writer.add, running_at_once(), self.observer.vouch)
        self.presence = Presence(region_number, program_version(), clock, self.checker.take_worst_lag_ms)
        self.lookout = Lookout(clock, self.announcer.announce)
        self.scheduler = Scheduler(region, self.queue, self.checker.accept, clock)
        self.checks = QueueWorker(redis, checks_queue(region), [_run_checks(self.checker)])
        self.upkeep = QueueWorker(redis, UPKEEP_QUEUE, cron_jobs=_upkeep_jobs(clock, lambda: self._is_stopping))

    async def run_until(self, stop: asyncio.Event) -> None:
        """Raises if a part ends by itself: a worker that does only half its work must be restarted."""
        watchers = self.observer, self.dead_man
        parts = self.presence, self.lookout, self.scheduler, self.checks, self.upkeep, self.writer, *watchers
        tasks = [asyncio.create_task(part.run()) for part in parts]
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        await self._drain(*tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _drain(
        self,
        presence: Part,
        lookout: Part,
        scheduler: Part,
        checks: Part,
        upkeep: Part,
        writer: Part,
        *watchers: Part,
    ) -> None:
        """From the source to the sink, so that what has begun is still vouched for and written."""
        self._is_stopping = True
        self.presence.stop()
        self.lookout.stop()
        self.dead_man.stop()
        self.scheduler.stop()
        await end([presence, lookout, scheduler], SCHEDULER_END_SECONDS)
        self.checks.stop()
        self.upkeep.stop()
        await end([checks, upkeep], QUEUES_END_SECONDS)
        await _give_back(self.checker.give_up_waiting())
        await self.checker.close(CHECKS_END_SECONDS)
        self.observer.stop()
        self.writer.stop()
        await end([writer, *watchers], WRITER_END_SECONDS)
        await self.dial.close()
        await self.announcer.close()
        await self.queue.close()

    def _announce(self, files: Sequence[MonitorFile]) -> None:
        self.announcer.announce(announcements(files, self.region))


def _observer(settings: Settings, region_number: int, reach: Reach, clock: Clock) -> Observer:
    canaries = [Canary.read(text) for text in settings.canaries]
    rounds = Rounds(canaries, reach, partial(read_canaries, region_number))
    return Observer(settings.region, region_number, rounds, clock)


async def _give_back(slots: Sequence[Slot]) -> None:
    """Whoever is there next, soon ourselves perhaps, finds them due."""
    try:
        await give_back((slot.number, slot.tick, slot.version) for slot in slots)
    except Exception:
        log.exception("checks could not be given back: this turn of theirs is lost", checks=len(slots))


def _run_checks(checker: Checker) -> Function:
    async def run_checks(job: dict[Any, Any], batch: list[list[int]]) -> None:
        await checker.accept([Slot(*slot) for slot in batch])

    # arq would name it by where it is defined; the scheduler sends it by this name.
    return func(cast(WorkerCoroutine, run_checks), name="run_checks")


def _upkeep_jobs(clock: Clock, is_stopping: Callable[[], bool]) -> list[CronJob]:
    """arq lets one worker of all run each of these when its time comes, and not again before it has ended."""
    turns = ((roll_up, None, 20), (tidy, None, 40), (forget_old, 50, 0), (keep_maintenance, None, 10))
    return [_at(job, minute, second, clock, is_stopping) for job, minute, second in turns]


def _at(job: UpkeepJob, minute: int | None, second: int, clock: Clock, is_stopping: Callable[[], bool]) -> CronJob:
    """At that minute of every hour; without one, every minute."""

    async def run_job(context: dict[Any, Any]) -> None:
        end_at = time.monotonic() + TURN_SECONDS
        await job(milliseconds(clock.now()), lambda: is_stopping() or time.monotonic() > end_at)

    return cron(
        cast(WorkerCoroutine, run_job),
        name=job.__name__,
        job_id=f"is0k:{job.__name__}",
        minute=minute,
        second=second,
        microsecond=0,
        timeout=UPKEEP_TIMEOUT_SECONDS,
        max_tries=1,
        keep_result=0,
    )


def running_at_once() -> int:
    """As many checks as there may be open files, with room for their name look-ups and for everything else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # macOS says "unlimited" and does not mean it
        hard = soft
    return RUNNING_AT_ONCE if hard == resource.RLIM_INFINITY else min(RUNNING_AT_ONCE, hard // 2)
