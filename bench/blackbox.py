"""Row `blackbox`: Prometheus' blackbox_exporter, asked for as many probes a second, of the same target.

It probes and renders what it has seen; it has no schedule, no verdict and no storage.
"""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson

from is0k.bench.kinds import Kind
from is0k.bench.processes import Meter
from is0k.bench.rows import Figures, Load
from is0k.tests.stage.processes import Process
from is0k.tests.stage.waiting import until

PROGRAM = "prometheus-blackbox-exporter"
NOT_INSTALLED = f"{PROGRAM} is not installed: its row is left out"
COST = "CPU per probe, ms"
SECONDS = 30
Probe = Callable[[], Coroutine[None, None, bool]]


class Blackbox:
    def __init__(self, folder: Path, kind: Kind, load: Load) -> None:
        self._config = folder / f"blackbox-{kind.name}.yml"
        self._kind, self._pause_seconds = kind, 1 / load.checks_per_second
        self._seconds = min(SECONDS, load.seconds)
        self.name = name_of(kind.name, load)

    async def prepare(self) -> None:
        # JSON is YAML too.
        self._config.write_bytes(orjson.dumps({"modules": {"bench": {"timeout": "5s", **self._kind.module}}}))

    async def measure(self) -> Figures:
        async with self._running() as (url, process), aiohttp.ClientSession() as session:

            async def probe() -> bool:
                parameters = {"module": "bench", "target": self._kind.target}
                async with session.get(f"{url}/probe", params=parameters) as response:
                    return "\nprobe_success 1" in await response.text()

            await self._paced(probe, 3)
            meter = Meter([process])
            outcomes = await self._paced(probe, self._seconds)
            assert all(outcomes), "blackbox_exporter has failed probes"
            (cpu_ms,), (memory_mb,) = meter.cpu_ms().values(), meter.memory_mb().values()
            return {COST: cpu_ms / len(outcomes), "RSS, MB": memory_mb}

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[tuple[str, Process]]:
        port = free_port()
        options = [f"--config.file={self._config}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        program = await asyncio.create_subprocess_exec(PROGRAM, *options)
        try:
            await until("blackbox_exporter listens", lambda: listens(port), 10)
            yield f"http://127.0.0.1:{port}", Process(program.pid, PROGRAM)
        finally:
            program.kill()
            await program.wait()

    async def _paced(self, probe: Probe, seconds: int) -> list[bool]:
        """One probe at each tick of an even pace, whatever the others are doing."""
        begun, tasks = time.monotonic(), []
        for number in range(round(seconds / self._pause_seconds)):
            await asyncio.sleep(begun + number * self._pause_seconds - time.monotonic())
            tasks.append(asyncio.create_task(probe()))
        return await asyncio.gather(*tasks)


def name_of(kind: str, load: Load) -> str:
    return f"blackbox {kind}, {load.checks_per_second:.0f} probes a second"


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


def version() -> str:
    told = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True)
    # `blackbox_exporter, version 0.23.0 (branch: …`; on stderr in older ones.
    return (told.stdout + told.stderr).split()[2]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
