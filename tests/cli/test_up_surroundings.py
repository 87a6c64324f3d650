"""`is0k up` among others: a reader that goes away, and a queue that is there already."""

import asyncio
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from is0k.tests.cli.reach import is_ready
from is0k.tests.stage.processes import processes_in
from is0k.tests.stage.product import IS0K, Product, running
from is0k.tests.stage.valkey import Valkey
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes, pytest.mark.timeout(60)]


async def test_a_queue_that_is_named_is_used_and_no_other_started(
    tmp_path: Path, on_database: dict[str, str], valkey: Valkey
) -> None:
    async with running(Product(tmp_path, on_database | {"IS0K_REDIS_URL": valkey.url})) as product:
        assert {process.part for process in product.processes} == {"supervisor", "worker", "api"}
        assert not (product.data_dir / "valkey").exists()


async def test_it_goes_on_when_nobody_reads_what_it_prints(tmp_path: Path, on_database: dict[str, str]) -> None:
    """As in `is0k up 2>&1 | head -n 3`."""
    with piped(tmp_path, on_database) as up:
        url = await asyncio.to_thread(address_told_by, up)
        await until("it is ready", lambda: is_ready(url), 20)
        first = worker_in(tmp_path)
        assert first is not None
        os.kill(first, signal.SIGKILL)

        async def replaced() -> bool:
            return worker_in(tmp_path) not in (None, first)

        await until("another worker runs", replaced, 10)
        up.terminate()
        assert await asyncio.to_thread(up.wait, 20) == 0
    assert processes_in(tmp_path) == []


def piped(folder: Path, settings: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*IS0K, "up", "--port", "0"],
        cwd=folder,
        env=os.environ | settings | {"IS0K_DATA_DIR": "data"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def address_told_by(up: "subprocess.Popen[str]") -> str:
    """Reads until the address is told, and then nothing any more."""
    assert up.stdout is not None
    with up.stdout as told:
        return next(found[0] for line in told if (found := re.search(r"http://\S+", line)))


def worker_in(folder: Path) -> int | None:
    return next((process.pid for process in processes_in(folder) if process.part == "worker"), None)
