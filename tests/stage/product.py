"""The product as people run it: `is0k up`, and all it starts, as real processes in a folder of its own."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import aiohttp

from is0k.tests.stage.api import Api
from is0k.tests.stage.processes import Process, processes_in
from is0k.tests.stage.waiting import until

# -P: the folder somebody stands in is not where programs are.
IS0K = (sys.executable, "-P", "-m", "is0k")
ANY_PORT = ("--port", "0")
START_SECONDS = 20.0
STOP_SECONDS = 20.0
# Loopback is where the targets of these tests are, and there is no other network.
SETTINGS = {"IS0K_ALLOWED_NETWORKS": "127.0.0.0/8", "IS0K_LOG_FORMAT": "json", "IS0K_CANARIES": "none"}


class Product:
    """One installation. It may be stopped and started again: the folder stays."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        command: Sequence[str] = (*IS0K, "up", *ANY_PORT),
    ) -> None:
        self.folder, self.command = folder, command
        self.data_dir, self.output, self.log = folder / "data", folder / "output", folder / "log"
        self.settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Returns when it says that it is ready."""
        with self.output.open("wb") as output, self.log.open("ab") as log:
            self._process = self._begin(output, log)
        await until("is0k is ready", self._is_ready, START_SECONDS)

    def _begin(self, output: IO[bytes], log: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdout=output,
            stderr=log,
            start_new_session=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IS0K_")}
        # The demo works in a folder of its own below this one.
        places = {"IS0K_DATA_DIR": str(self.data_dir), "TMPDIR": str(self.folder)}
        return {**kept, **SETTINGS, **places, **self.settings}

    async def command_line(self, *words: str) -> None:
        """Another command of the same installation, as its operator would type it."""
        process = await asyncio.create_subprocess_exec(
            *IS0K, *words, cwd=self.folder, env=self.environment, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0

    async def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"is0k ended: {self.log.read_text()}"
        return "is0k is ready at " in self.said

    async def stop(self) -> int:
        """As service managers do. The exit code of what was started: of the supervisor, or what waits for it."""
        assert self._process is not None
        if supervisor := self.part("supervisor"):
            supervisor.terminate()
        return await asyncio.to_thread(self._process.wait, STOP_SECONDS)

    async def kill(self) -> None:
        """Whatever is still there."""
        for process in self.processes:
            process.kill()
        if self._process:
            await asyncio.to_thread(self._process.wait, STOP_SECONDS)

    @property
    def said(self) -> str:
        """What was printed since it was started last."""
        return self.output.read_text()

    @property
    def key(self) -> str | None:
        """The API key it printed; only the first start does."""
        found = re.search(r"is0k_live_\w+", self.said)
        return found and found[0]

    @property
    def url(self) -> str:
        found = re.search(r"ready at (\S+?),?\s", self.said)
        assert found is not None
        return found[1]

    @property
    def processes(self) -> list[Process]:
        return processes_in(self.folder)

    def part(self, name: str) -> Process | None:
        """The process of this part, if it runs."""
        return next((process for process in self.processes if process.part == name), None)

    async def no_process(self) -> bool:
        return not self.processes


@asynccontextmanager
async def running(product: Product) -> AsyncIterator[Product]:
    """Started; at the end stopped, unless the test has done so, and nothing may be left of it."""
    try:
        await product.start()
        yield product
        if product.processes:
            assert await product.stop() == 0, product.log.read_text()
        await until("no process is left behind", product.no_process, 5)
    finally:
        await product.kill()


@asynccontextmanager
async def calling(product: Product, key: str | None = None) -> AsyncIterator[Api]:
    """The product's API, with the key it printed."""
    async with aiohttp.ClientSession() as session:
        yield Api(product.url, session, key or product.key)


async def new_monitor(api: Api, url: str, **fields: Any) -> str:
    """The id of a monitor that looks every five seconds, the shortest interval there is."""
    answer = await api.post("/monitors", {"name": "Shop", "type": "http", "intervalSeconds": 5, "url": url, **fields})
    return str(answer.data["id"])
