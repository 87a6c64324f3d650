"""Jobs through a real Valkey, whatever happens to it."""

import asyncio
import logging
import time

import msgpack
import pytest
from structlog.testing import capture_logs

from is0k.jobs.queue import Queue, QueueAway
from is0k.tests.jobs.post import BATCH, NAME, Jobs, looking, working
from is0k.tests.jobs.scene import soon
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio


class TestSending:
    async def test_a_job_arrives_as_it_was_sent(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        async with working(server, jobs):
            await queue.send(NAME, "eu:1", "run_checks", BATCH)
            await soon(lambda: jobs.ended)

        assert jobs.taken == [[[1, 1_795_435_200_123, 2, 3], [70_000, 1_795_435_201_000, 0, 0]]]

    async def test_nothing_on_the_wire_is_pickle(self, server: Valkey, queue: Queue) -> None:
        await queue.send(NAME, "eu:1", "run_checks", BATCH)
        with looking(server) as client:
            body = client.get("arq:job:eu:1")

        assert isinstance(body, bytes)
        assert not body.startswith(b"\x80")  # the first byte of every pickle since protocol 2
        sent = msgpack.unpackb(body)
        assert sent.pop("et") > 0
        assert sent == {"t": None, "f": "run_checks", "a": [[list(slot) for slot in BATCH]], "k": {}}

    async def test_a_job_with_an_id_that_was_sent_is_not_sent_again(
        self, server: Valkey, queue: Queue, jobs: Jobs
    ) -> None:
        for _ in range(2):
            await queue.send(NAME, "eu:1", "run_checks", BATCH)
        async with working(server, jobs):
            await soon(lambda: jobs.ended)
            await asyncio.sleep(0.25)  # two polls

        assert len(jobs.taken) == 1

    async def test_a_dead_redis_is_noticed_within_a_second(self, server: Valkey, queue: Queue) -> None:
        await queue.send(NAME, "eu:1", "run_checks", BATCH)
        server.kill()
        began = time.monotonic()
        with pytest.raises(QueueAway):
            await queue.send(NAME, "eu:2", "run_checks", BATCH)

        assert time.monotonic() - began < 1.5

    async def test_and_so_is_one_that_hangs(self, server: Valkey, queue: Queue) -> None:
        with looking(server) as client:
            client.client_pause(2_000)
        began = time.monotonic()
        with pytest.raises(QueueAway):
            await queue.send(NAME, "eu:1", "run_checks", BATCH)

        assert time.monotonic() - began < 1.5

    async def test_it_is_used_again_when_it_is_back(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        server.kill()
        with pytest.raises(QueueAway):
            await queue.send(NAME, "eu:1", "run_checks", BATCH)
        server.start()
        await queue.send(NAME, "eu:2", "run_checks", BATCH)
        async with working(server, jobs):
            await soon(lambda: jobs.ended)

        assert len(jobs.taken) == 1

    async def test_where_nobody_works_the_queue_does_not_grow_for_ever(self, server: Valkey, queue: Queue) -> None:
        with looking(server) as client:
            client.zadd(NAME, {f"old:{place}": (time.time() - 121) * 1000 for place in range(50)})
            client.zadd(NAME, {"young": (time.time() - 60) * 1000})
            await queue.send(NAME, "eu:1", "run_checks", BATCH)

            assert client.zrange(NAME, 0, -1) == [b"young", b"eu:1"]

    async def test_a_body_expires_with_its_minute(self, server: Valkey, queue: Queue) -> None:
        await queue.send(NAME, "eu:1", "run_checks", BATCH)
        with looking(server) as client:
            assert client.pttl("arq:job:eu:1") in range(50_000, 60_001)


class TestWorking:
    async def test_goes_on_after_redis_was_killed_and_started_again(
        self, server: Valkey, queue: Queue, jobs: Jobs
    ) -> None:
        async with working(server, jobs):
            await queue.send(NAME, "eu:1", "run_checks", "before")
            await soon(lambda: jobs.ended == 1)
            with capture_logs() as logs:
                server.kill()
                await soon(lambda: logs)
            server.start()
            await queue.send(NAME, "eu:2", "run_checks", "after")
            await soon(lambda: jobs.ended == 2)

        assert jobs.taken == ["before", "after"]
        assert {line["event"] for line in logs} == {"the queue is away, trying again"}

    async def test_goes_on_after_a_flush(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        async with working(server, jobs):
            await queue.send(NAME, "eu:1", "run_checks", "before")
            await soon(lambda: jobs.ended == 1)
            server.flush()
            await queue.send(NAME, "eu:2", "run_checks", "after")
            await soon(lambda: jobs.ended == 2)

        assert jobs.taken == ["before", "after"]

    async def test_a_job_under_way_survives_redis(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        jobs.may_end.clear()
        async with working(server, jobs):
            await queue.send(NAME, "eu:1", "run_checks", BATCH)
            await soon(lambda: jobs.taken)
            server.kill()
            jobs.may_end.set()
            await soon(lambda: jobs.ended)
            server.start()

        assert len(jobs.taken) == jobs.ended == 1

    async def test_starts_although_redis_is_away(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        server.kill()
        with capture_logs() as logs:
            async with working(server, jobs):
                await soon(lambda: logs)
                server.start()
                await queue.send(NAME, "eu:1", "run_checks", BATCH)
                await soon(lambda: jobs.ended)

        assert len(jobs.taken) == 1

    async def test_a_job_that_fails_is_not_tried_again_and_stops_nothing(
        self, server: Valkey, queue: Queue, jobs: Jobs
    ) -> None:
        async with working(server, jobs):
            jobs.error = ValueError("a bug")
            await queue.send(NAME, "eu:1", "run_checks", "fails")
            await soon(lambda: jobs.ended == 1)
            jobs.error = None
            await queue.send(NAME, "eu:2", "run_checks", "works")
            await soon(lambda: jobs.ended == 2)
            await asyncio.sleep(0.25)  # two polls

        assert jobs.taken == ["fails", "works"]
        with looking(server) as client:
            assert client.keys("arq:*") == []
            assert client.zcard(NAME) == 0

    async def test_expired_unknown_and_unreadable_jobs_are_thrown_away_without_a_fuss(
        self, server: Valkey, queue: Queue, jobs: Jobs, caplog: pytest.LogCaptureFixture
    ) -> None:
        now = int(time.time() * 1000)
        with looking(server) as client:
            client.zadd(NAME, {"expired": now - 1})
            client.set("arq:job:garbage", b"\xc1 this is not msgpack")
            client.zadd(NAME, {"garbage": now - 1})
        await queue.send(NAME, "unknown", "no_such_function")
        await queue.send(NAME, "misused", "run_checks", "too", "many", "arguments")
        with caplog.at_level(logging.WARNING):
            async with working(server, jobs):
                await queue.send(NAME, "eu:1", "run_checks", BATCH)
                await soon(lambda: jobs.ended)

        assert len(jobs.taken) == 1
        assert not [line for line in caplog.messages if "error serializing" in line]
        with looking(server) as client:
            assert client.zcard(NAME) == 0
