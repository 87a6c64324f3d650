"""`is0k serve` and `is0k worker`, each alone, as on several machines."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from is0k.cli.supervisor.listener import listen
from is0k.tests.cli.conftest import Is0k
from is0k.tests.cli.reach import is_ready
from is0k.tests.stage.product import IS0K
from is0k.tests.stage.valkey import Valkey
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes, pytest.mark.timeout(60)]


class Apart:
    def __init__(self, folder: Path, settings: dict[str, str], stack: ExitStack) -> None:
        self.folder, self.settings, self._stack = folder, settings, stack

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Its log is in the folder, under the command's name."""
        log = self._stack.enter_context((self.folder / command[0]).open("w"))
        running = subprocess.Popen(
            [*IS0K, *command], cwd=self.folder, env=os.environ | self.settings, stderr=log, text=True
        )
        self._stack.callback(running.wait)
        self._stack.callback(running.kill)
        return running


@pytest.fixture
def apart(
    tmp_path: Path, on_database: dict[str, str], valkey: Valkey, is0k: Is0k, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Apart]:
    settings = on_database | {"IS0K_DATA_DIR": str(tmp_path / "data"), "IS0K_REDIS_URL": valkey.url}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert is0k("migrate").code == 0
    with ExitStack() as stack:
        yield Apart(tmp_path, settings, stack)


async def test_they_work_without_a_supervisor_and_stop_without_a_fault(apart: Apart) -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    api = apart.start("serve", "--port", str(port))
    worker = apart.start("worker", "--region", "eu-west")

    async def worker_started() -> bool:
        return "region=eu-west" in (apart.folder / "worker").read_text()

    await until("the API is ready", lambda: is_ready(f"http://127.0.0.1:{port}"), 20)
    await until("the worker has started", worker_started, 20)
    for each in (api, worker):
        each.terminate()

    assert await asyncio.to_thread(api.wait, 20) == 0
    assert await asyncio.to_thread(worker.wait, 20) == 0
    assert "Traceback" not in (apart.folder / "serve").read_text() + (apart.folder / "worker").read_text()
