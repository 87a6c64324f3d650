"""arq, behind one small module: how jobs are sent, and a worker that survives Redis and drains when asked to.

The database is the truth and a job is a wake-up: it may be lost (the next second claims again) and it may run twice.
Hence one try, no kept result and a short time-out; with arq's own 300 s a killed worker would block its jobs for 310.
Bodies are msgpack: arq's default, pickle, would let anyone who can write to Redis run code.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgpack
import structlog
from arq.connections import ArqRedis, RedisSettings
from arq.cron import CronJob
from arq.worker import Function, Worker
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from is0k.jobs.stopping import end, within

log = structlog.get_logger("is0k.queue")

UPKEEP_QUEUE = "is0k:upkeep"
JOB_TIMEOUT_SECONDS = 5
# Slots are claimed one to two seconds ahead of their time, so looking this often delays no check.
POLL_SECONDS = 0.25
HEALTH_CHECK_SECONDS = 5
EXPIRES_MS = 60_000
ENQUEUE_SECONDS = 1.0
ANSWER_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
DRAIN_SECONDS = 1.5

# What is no plain value (arq sends exceptions around) becomes its text.
PACK = partial(msgpack.packb, default=str)


def checks_queue(region: str) -> str:
    return f"is0k:checks:{region}"


class QueueAway(Exception):
    """Redis did not take the job in time."""


class Queue:
    """Sends jobs. A Redis that is away is noticed within a second: the caller has other ways."""

    def __init__(self, pool: ArqRedis) -> None:
        self._pool = pool

    @classmethod
    def connect(cls, url: str) -> "Queue":
        """Does not wait for Redis: the first job that is sent finds out."""
        return cls(_pool(url, socket_timeout=ENQUEUE_SECONDS, socket_connect_timeout=ENQUEUE_SECONDS))

    async def send(self, queue: str, job_id: str, function: str, *arguments: Any) -> None:
        """Raises QueueAway; the job may then have been taken all the same."""
        try:
            async with asyncio.timeout(ENQUEUE_SECONDS):
                await self._pool.enqueue_job(function, *arguments, _job_id=job_id, _queue_name=queue)
                # arq lets bodies expire, but not their places in the queue: where nobody works it would grow for ever.
                await self._pool.zremrangebyscore(queue, "-inf", time.time() * 1000 - 2 * EXPIRES_MS)
        except (RedisError, OSError) as error:
            raise QueueAway(repr(error)) from error

    async def close(self) -> None:
        await self._pool.aclose()


class QueueWorker:
    """Runs jobs of one queue until it is told to stop, whatever Redis does in between."""

    def __init__(
        self,
        url: str,
        queue: str,
        functions: Sequence[Function] = (),
        cron_jobs: Sequence[CronJob] = (),
    ) -> None:
        self.url, self.queue, self.functions, self.cron_jobs = url, queue, functions, cron_jobs
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take no new job, and end when those that run have ended."""
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            # A connection may have died while it was idle: the second try has a new one.
            pool = _pool(
                self.url,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
                retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 1),
                retry_on_error=[RedisConnectionError, RedisTimeoutError, OSError],
            )
            try:
                await self._work(self._worker(pool))
            except (RedisError, OSError) as error:
                log.warning("the queue is away, trying again", queue=self.queue, error=repr(error))
                await within(self._stopping, RECONNECT_SECONDS)
            finally:
                await pool.aclose()

    async def _work(self, worker: Worker) -> None:
        """Until it is time to stop. arq alone would end the process when Redis is restarted."""
        main, stopped = asyncio.create_task(worker.main()), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({main, stopped}, return_when=asyncio.FIRST_COMPLETED)
            worker.allow_pick_jobs = False
            if not main.done():
                # It may be starting jobs this moment; after a poll more it is not.
                await asyncio.wait({main}, timeout=2 * POLL_SECONDS)
        finally:
            stopped.cancel()
            await _finish_jobs(worker)
            await end([main], 0)
        if not main.cancelled():
            main.result()

    def _worker(self, pool: ArqRedis) -> Worker:
        return Worker(
            functions=self.functions,
            cron_jobs=self.cron_jobs,
            queue_name=self.queue,
            redis_pool=pool,
            handle_signals=False,
            max_jobs=100,
            job_timeout=JOB_TIMEOUT_SECONDS,
            max_tries=1,
            keep_result=0,
            poll_delay=POLL_SECONDS,
            health_check_interval=HEALTH_CHECK_SECONDS,
            job_serializer=PACK,
            job_deserializer=msgpack.unpackb,
            log_results=False,
        )


async def _finish_jobs(worker: Worker) -> None:
    """arq runs each job in a task of its own, within another that tells Redis of its end and is best left alone."""
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=DRAIN_SECONDS)
    await end(worker.job_tasks.values(), 0)
    await end(worker.tasks.values(), DRAIN_SECONDS)


def _pool(url: str, **options: Any) -> ArqRedis:
    settings = RedisSettings.from_dsn(url)
    return ArqRedis(
        host=settings.host,
        port=settings.port,
        unix_socket_path=settings.unix_socket_path,
        db=settings.database,
        username=settings.username,
        password=settings.password,
        ssl=settings.ssl,
        job_serializer=PACK,
        job_deserializer=msgpack.unpackb,
        expires_extra_ms=EXPIRES_MS,
        **options,
    )
