"""The worker process: scheduler, checker, writer and upkeep of one region, on one event loop."""

import asyncio
import resource
import signal
import socket
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
import uvloop
from arq.cron import CronJob, cron
from arq.typing import WorkerCoroutine
from arq.worker import Function, func

from is0k.jobs import upkeep
from is0k.jobs.checker import Checker, Finding, Slot
from is0k.jobs.queue import UPKEEP_QUEUE, Queue, QueueWorker, checks_queue
from is0k.jobs.scheduler import Scheduler
from is0k.jobs.writer import Writer
from is0k.models.check import make_partitions
from is0k.models.database import opened
from is0k.models.region import region_number
from is0k.probes.guard import Guard
from is0k.schema.clock import Clock, SystemClock, milliseconds
from is0k.settings import Settings

log = structlog.get_logger("is0k.worker")

DRAIN_SECONDS = 5.0


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what runs and return."""
    _allow_many_sockets()
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    clock, stop = SystemClock(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with opened(settings):
        await make_partitions(milliseconds(clock.now()))
        worker = RegionWorker(settings, await region_number(settings.region), clock)
        log.info("worker started", region=settings.region)
        await worker.run_until(stop)
        log.info("worker stopped", region=settings.region)


class RegionWorker:
    def __init__(self, settings: Settings, region_number: int, clock: Clock) -> None:
        findings: asyncio.Queue[Finding] = asyncio.Queue()
        self.queue = Queue.connect(settings.redis)
        self.writer = Writer(region_number, findings)
        self.checker = Checker(Guard(settings.allowed_networks, own_addresses(settings)), clock, findings)
        self.scheduler = Scheduler(settings.region, self.queue, self.checker.accept, clock)
        self.checks = QueueWorker(settings.redis, checks_queue(settings.region), [_run_checks(self.checker)])
        self.upkeep = QueueWorker(settings.redis, UPKEEP_QUEUE, cron_jobs=_upkeep_jobs(clock))

    async def run_until(self, stop: asyncio.Event) -> None:
        """Raises if a part ends by itself: a worker that does only half its work must be restarted."""
        parts = [
            asyncio.create_task(part)
            for part in (self.scheduler.run(), self.checks.run(), self.upkeep.run(), self.writer.run(), stop.wait())
        ]
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        await self._drain(parts)
        for part in done:
            part.result()

    async def _drain(self, parts: "list[asyncio.Task[Any]]") -> None:
        """From the source to the sink, so that what has begun is still written."""
        scheduler, checks, upkeep_jobs, writer, _ = parts
        await _end(scheduler)
        await self.scheduler.close()
        await asyncio.gather(self.checks.drain(), self.upkeep.drain())
        await asyncio.gather(_end(checks), _end(upkeep_jobs))
        await self.checker.close(DRAIN_SECONDS)
        await _end(writer)
        await self.writer.close()
        await self.queue.close()


async def _end(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _run_checks(checker: Checker) -> Function:
    async def run_checks(job: dict[Any, Any], batch: list[list[int]]) -> None:
        await checker.accept([Slot(*slot) for slot in batch])

    # arq would name it by where it is defined; the scheduler sends it by this name.
    return func(cast(WorkerCoroutine, run_checks), name="run_checks")


def _upkeep_jobs(clock: Clock) -> list[CronJob]:
    """arq lets one worker of all run each of these when its time comes."""

    async def roll_up(job: dict[Any, Any]) -> None:
        await upkeep.roll_up(milliseconds(clock.now()))

    async def tidy(job: dict[Any, Any]) -> None:
        await upkeep.tidy(milliseconds(clock.now()))

    return [
        cron(cast(WorkerCoroutine, roll_up), second=20, microsecond=0, timeout=300, max_tries=1, keep_result=0),
        cron(cast(WorkerCoroutine, tidy), second=40, microsecond=0, timeout=300, max_tries=1, keep_result=0),
    ]


def own_addresses(settings: Settings) -> list[tuple[str, int]]:
    """Our database and Redis: nobody may watch those, whatever networks are allowed."""
    found = []
    for url, default_port in ((settings.database, 5432), (settings.redis, 6379)):
        parts = urlsplit(url)
        if parts.hostname and not url.startswith(("sqlite:", "unix:")):
            port = parts.port or default_port
            infos = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
            found += [(str(address[0]), port) for *_, address in infos]
    return found


def _allow_many_sockets() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
