"""Regions as they are: each a network of its own, with a worker and a server at the same address in it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from is0k.tests.stage.netns import Network
from is0k.tests.stage.product import IS0K, SETTINGS
from is0k.tests.stage.waiting import until

# Free in every new network.
PORT = 8080
TARGET = f"http://127.0.0.1:{PORT}/"
SERVER = (sys.executable, "-m", "http.server", str(PORT), "--bind", "127.0.0.1")
START_SECONDS = 40.0
STOP_SECONDS = 15.0


class RealRegion:
    def __init__(self, name: str, folder: Path, settings: Mapping[str, str]) -> None:
        self.name, self.folder = name, folder
        self.log = folder / "log"
        self.network = Network()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IS0K_")}
        self._environment = {**kept, **SETTINGS, **settings}
        self._server: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    async def open_target(self) -> None:
        """From here it answers."""
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        self._server = self.network.start(*SERVER, cwd=site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        async def answers() -> bool:
            return self.network.listens(PORT)

        await until(f"the target answers in {self.name}", answers, START_SECONDS)

    def close_target(self) -> None:
        """From here its connections are refused."""
        _kill(self._server)

    async def start_worker(self) -> None:
        with self.log.open("ab") as log:
            command = (*IS0K, "worker", "--region", self.name)
            self._worker = self.network.start(*command, cwd=self.folder, env=self._environment, stderr=log)

        async def has_started() -> bool:
            assert self._worker is not None
            assert self._worker.poll() is None, self.log.read_text()
            return "worker started" in self.log.read_text()

        await until(f"the worker of {self.name} has started", has_started, START_SECONDS)

    def freeze_worker(self) -> None:
        """As a machine does that sleeps."""
        assert self._worker is not None
        self._worker.send_signal(signal.SIGSTOP)

    def thaw_worker(self) -> None:
        assert self._worker is not None
        self._worker.send_signal(signal.SIGCONT)

    def kill_worker(self) -> None:
        """As a power cut does: it has no time to say anything."""
        _kill(self._worker)

    def stop_worker(self) -> int:
        """As service managers do; its exit code."""
        assert self._worker is not None
        self._worker.terminate()
        return self._worker.wait(STOP_SECONDS)

    def close(self) -> None:
        _kill(self._server)
        _kill(self._worker)
        self.network.close()


def _kill(process: "subprocess.Popen[bytes] | None") -> None:
    if process:
        process.kill()
        process.wait()


@asynccontextmanager
async def real_regions(
    names: tuple[str, ...], folder: Path, settings: Mapping[str, str]
) -> AsyncIterator[dict[str, RealRegion]]:
    """Each with its worker and its target."""
    regions: dict[str, RealRegion] = {}
    try:
        for name in names:
            (folder / name).mkdir()
            regions[name] = RealRegion(name, folder / name, settings)
            await regions[name].open_target()
        await asyncio.gather(*(region.start_worker() for region in regions.values()))
        yield regions
    finally:
        for region in regions.values():
            region.close()
