"""A supervisor that is killed takes along what it has started."""

import os
import signal
import sys
from pathlib import Path

import pytest

from is0k.tests.cli.toys import DEAF, SLEEP, gone, process, started

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

HOLDING = "from is0k.cli.supervisor import tether; {before}; tether.hold(); "
SUPERVISOR = """
import os, subprocess, sys, time
from is0k.cli.supervisor import tether
kind, code, told = sys.argv[1:]
if kind == "ours":
    held = tether.held_end()
    command, environment, descriptors = [sys.executable, "-P"], os.environ | {tether.VARIABLE: str(held)}, [held]
else:
    command, environment, descriptors = tether.dying_with_us([sys.executable]), None, []
subprocess.Popen([*command, "-c", code, told], env=environment, pass_fds=descriptors, start_new_session=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_one_of_ours_ends_with_its_supervisor(how: signal.Signals, tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = HOLDING.format(before="pass") + SLEEP
    with process(sys.executable, "-P", "-c", SUPERVISOR, "ours", code, str(told), told=told) as supervisor:
        pid = await started(told)
        os.kill(supervisor.pid, how)

        await gone(pid)


async def test_one_that_does_not_stop_when_asked_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = HOLDING.format(before="tether.LAST_SECONDS = 0.2") + DEAF
    with process(sys.executable, "-P", "-c", SUPERVISOR, "ours", code, str(told), told=told) as supervisor:
        pid = await started(told)
        os.kill(supervisor.pid, signal.SIGKILL)

        await gone(pid)


async def test_one_that_is_not_ours_ends_with_its_supervisor(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with process(sys.executable, "-P", "-c", SUPERVISOR, "foreign", SLEEP, str(told), told=told) as supervisor:
        pid = await started(told)
        os.kill(supervisor.pid, signal.SIGKILL)

        await gone(pid)


async def test_without_a_supervisor_nothing_is_held(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = "import threading; " + HOLDING.format(before="pass") + "assert threading.active_count() == 1; " + SLEEP
    with process(sys.executable, "-P", "-c", code, str(told), told=told) as program:
        await started(told)

        assert program.poll() is None
