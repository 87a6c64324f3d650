"""One program kept running: started again, and stopped within its deadline."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from is0k.cli.faults import Failure, ToldFailure
from is0k.cli.supervisor.child import Backoff, Child, Program, kept_running
from is0k.tests.cli.toys import DEAF, END, POLITE, SAID_GOODBYE, SLEEP, gone, is_alive, started, starts, toy
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


def test_each_start_waits_twice_as_long_as_the_one_before_up_to_ten_seconds() -> None:
    backoff = Backoff()

    delays = [backoff.after(lived_seconds=1) for _ in range(9)]

    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


@given(st.lists(st.floats(0, 29.9), max_size=20), st.floats(30, 1e6))
def test_half_a_minute_of_health_lets_all_failures_be_forgotten(short_lives: list[float], health: float) -> None:
    backoff = Backoff()
    for lived in short_lives:
        backoff.after(lived)

    assert backoff.after(health) == 0.1


async def test_a_settled_program_that_is_killed_is_started_again_and_told_in_one_line(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with capture_logs() as lines:
        async with kept_running(toy(SLEEP, told), asyncio.Event()) as child:
            first = await started(told)
            child.is_settled = True
            os.kill(first, signal.SIGKILL)
            second = await started(told, 2)

    assert not is_alive(second)
    assert lines == [
        {
            "event": "toy ended, starting it again",
            "ending": "signal 9, Killed",
            "delay_seconds": 0.1,
            "log_level": "warning",
        }
    ]


async def test_a_program_that_always_ends_is_started_less_and_less_often(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with capture_logs() as lines:
        child = Child(toy(END.format(code=3), told))
        child.is_settled = True
        keeper = asyncio.create_task(child.keep())
        await started(told, 4)
        keeper.cancel()

    assert [line["delay_seconds"] for line in lines][:3] == [0.1, 0.2, 0.4]
    assert lines[0]["ending"] == "exit code 3"


@pytest.mark.parametrize(
    ("code", "fault", "message"),
    [(3, Failure, "toy did not start: exit code 3."), (1, ToldFailure, "")],
    ids=["silently", "after it has said why"],
)
async def test_a_program_that_ends_before_it_is_settled_has_failed_and_is_left_alone(
    code: int, fault: type[Failure], message: str, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    async with kept_running(toy(END.format(code=code), told), asyncio.Event()) as child:

        async def failed() -> Failure | None:
            try:
                child.check()
            except Failure as failure:
                return failure
            return None

        failure = await until("it has failed", failed, 10)

    assert (type(failure), str(failure)) == (fault, message)
    assert len(starts(told)) == 1


async def test_a_program_that_cannot_be_started_has_failed(tmp_path: Path) -> None:
    child = Child(Program("toy", [str(tmp_path / "nothing")]))
    await child.keep()

    with pytest.raises(Failure, match=r"^toy did not start: .*/nothing: No such file or directory\.$"):
        child.check()


async def test_the_end_of_the_block_asks_it_to_stop(tmp_path: Path) -> None:
    told = tmp_path / "told"
    async with kept_running(toy(POLITE, told), asyncio.Event()):
        await started(told)

    assert starts(told)[1:] == [SAID_GOODBYE]


async def test_a_deaf_program_is_killed_at_its_deadline_with_all_it_has_started(tmp_path: Path) -> None:
    told = tmp_path / "told"
    family = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]); " + DEAF
    program = Program("toy", [sys.executable, "-c", family, str(told), DEAF], stop_seconds=0.2)
    with capture_logs() as lines:
        async with kept_running(program, asyncio.Event()):
            await started(told, 2)

    for pid in starts(told):
        await gone(pid)
    assert [line["event"] for line in lines] == ["toy is killed, it did not stop in time"]


async def test_whoever_is_in_a_hurry_need_not_wait_for_the_deadline(tmp_path: Path) -> None:
    told, hurry = tmp_path / "told", asyncio.Event()
    async with asyncio.timeout(10), kept_running(toy(DEAF, told, stop_seconds=60), hurry):
        pid = await started(told)
        asyncio.get_running_loop().call_later(0.1, hurry.set)

    assert not is_alive(pid)


async def test_a_program_waiting_for_its_next_start_is_not_started_any_more(tmp_path: Path) -> None:
    told, tasks = tmp_path / "told", asyncio.all_tasks()
    async with kept_running(toy(END.format(code=3), told), asyncio.Event()) as child:
        child.is_settled = True
        await started(told, 2)

    assert asyncio.all_tasks() == tasks
