"""arq, behind one small module: how jobs are sent, and a worker that survives Redis and drains when asked to.

The database is the truth and a job is a wake-up: it may be lost (the next second claims again) and it may run twice.
Hence one try, no kept result and a short time-out; with arq's own 300 s a killed worker would block its jobs for 310.
Bodies are msgpack: arq's default, pickle, would let anyone who can write to Redis run code.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgpack
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.cron import CronJob
from arq.worker import Function, Worker
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger("is0k.queue")

UPKEEP_QUEUE = "is0k:upkeep"
JOB_TIMEOUT_SECONDS = 5
POLL_SECONDS = 0.1
HEALTH_CHECK_SECONDS = 5
EXPIRES_MS = 60_000
ENQUEUE_SECONDS = 1.0


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
        settings = RedisSettings.from_dsn(url)
        pool = ArqRedis(
            host=settings.host,
            port=settings.port,
            unix_socket_path=settings.unix_socket_path,
            db=settings.database,
            username=settings.username,
            password=settings.password,
            ssl=settings.ssl,
            socket_timeout=ENQUEUE_SECONDS,
            socket_connect_timeout=ENQUEUE_SECONDS,
            job_serializer=msgpack.packb,
            job_deserializer=msgpack.unpackb,
            expires_extra_ms=EXPIRES_MS,
        )
        return cls(pool)

    async def send(self, queue: str, job_id: str, function: str, *arguments: Any) -> None:
        """Raises QueueAway; the job may then have been taken all the same."""
        try:
            async with asyncio.timeout(ENQUEUE_SECONDS):
                await self._pool.enqueue_job(function, *arguments, _job_id=job_id, _queue_name=queue)
        except (RedisError, OSError, TimeoutError) as error:
            raise QueueAway(str(error)) from error

    async def close(self) -> None:
        await self._pool.aclose()


class QueueWorker:
    """Runs jobs of one queue until `drain`, whatever Redis does in between."""

    def __init__(
        self,
        url: str,
        queue: str,
        functions: Sequence[Function] = (),
        cron_jobs: Sequence[CronJob] = (),
    ) -> None:
        self.url, self.queue, self.functions, self.cron_jobs = url, queue, functions, cron_jobs
        self._worker: Worker | None = None
        self._is_draining = False

    async def run(self) -> None:
        while not self._is_draining:
            try:
                self._worker = await self._new_worker()
                await self._worker.async_run()
            except (RedisError, OSError) as error:
                log.warning("the queue is away, trying again", queue=self.queue, error=str(error))
                await self._close()
                await asyncio.sleep(1)

    async def drain(self) -> None:
        """Take no new job, and wait for those that run."""
        self._is_draining = True
        if self._worker is None:
            return
        self._worker.allow_pick_jobs = False
        await asyncio.gather(*self._worker.tasks.values(), return_exceptions=True)
        if self._worker.main_task:
            self._worker.main_task.cancel()
        await self._close()

    async def _new_worker(self) -> Worker:
        pool = await create_pool(
            _patient(self.url),
            job_serializer=msgpack.packb,
            job_deserializer=msgpack.unpackb,
            expires_extra_ms=EXPIRES_MS,
        )
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
            job_serializer=msgpack.packb,
            job_deserializer=msgpack.unpackb,
            log_results=False,
        )

    async def _close(self) -> None:
        if self._worker is not None:
            await self._worker.pool.aclose()
            self._worker = None


def _patient(url: str) -> RedisSettings:
    """A worker whose Redis is restarted waits for it; arq alone would end the process."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 1
    settings.retry = Retry(ExponentialBackoff(cap=1, base=0.05), 60)
    settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    settings.retry_on_timeout = True
    return settings
