"""A worker that is stopped for real: nobody holds the switch, and what it measured meanwhile counts for nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from is0k.settings import Settings
from is0k.tests.channels.receiver import receiving
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

# A worker whose switch is held ten times a second.
WORKER = """
import asyncio
from is0k.jobs.dead_man import DeadManSwitch
from is0k.jobs.self_check import SelfCheck
from is0k.jobs.worker import RegionWorker
from is0k.models.database import opened
from is0k.models.region import region_number
from is0k.schema.clock import SystemClock
from is0k.settings import Settings, plain

async def work():
    settings, clock = Settings(), SystemClock()
    async with opened(settings):
        number = await region_number(settings.region)
        worker = RegionWorker(settings, number, {}, clock)
        worker.dead_man = DeadManSwitch(plain(settings.heartbeat_url), SelfCheck(number, clock), clock, 0.1)
        await worker.run_until(asyncio.Event())

asyncio.run(work())
"""


Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts a worker that holds the switch at this address; at the end it is killed."""
    database = {"IS0K_DATABASE_URL": settings.database_url} if settings.database_url else {}
    places = {"IS0K_DATA_DIR": str(settings.data_dir), "IS0K_REDIS_URL": settings.redis, "IS0K_CANARIES": "none"}
    started: list[subprocess.Popen[str]] = []

    def start(url: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, **database, **places, "IS0K_HEARTBEAT_URL": url}
        command = [sys.executable, "-c", WORKER]
        started.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        with process:  # closes what it said
            process.kill()


async def test_a_stopped_worker_lets_go_of_the_switch_and_takes_it_up_again(start: Start) -> None:
    async with receiving() as receiver:

        async def held() -> bool:
            return len(receiver.received) >= 3

        worker = start(receiver.url)
        await until("the switch is held", held, 30)
        worker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(0.3)  # what was on its way arrives
        receiver.received.clear()
        await asyncio.sleep(1.5)  # fifteen times it would have been held
        assert receiver.received == []

        worker.send_signal(signal.SIGCONT)
        await until("it is held again", held, 30)

    worker.kill()
    said, _ = await asyncio.to_thread(worker.communicate)
    assert "this worker stood still" in said
