"""One installation of is0k on one machine, from its first start to its last stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress

import structlog

from is0k.cli.supervisor import programs, readiness, valkey
from is0k.cli.supervisor.child import Child, Program, kept_running
from is0k.cli.supervisor.first_start import Report, Welcome
from is0k.cli.supervisor.gate import Gate
from is0k.cli.supervisor.place import Place

log = structlog.get_logger("is0k.supervisor")


class Installation:
    """`greet` shows what the very first start has made; `on_ready` is told when the API answers."""

    def __init__(
        self,
        place: Place,
        greet: Callable[[Welcome], None],
        on_ready: Callable[[], Awaitable[None]],
        extras: Sequence[Program] = (),
    ) -> None:
        self._place = place
        self._greet, self._on_ready = greet, on_ready
        self._extras = extras
        self._running = AsyncExitStack()
        self._children: list[Child] = []
        self._hurry = asyncio.Event()

    def run(self) -> None:
        """Returns after SIGTERM, SIGINT or SIGHUP, when all is stopped; a second one kills what is still running."""
        with suppress(asyncio.CancelledError):
            asyncio.run(self._run())

    async def _run(self) -> None:
        _cancel_on_signals(self._hurry)
        # Stopped in the reverse order of starting: no more requests, then no more checks, then no more queue.
        async with self._running:
            await self._start_all()
            await asyncio.Event().wait()

    async def _start_all(self) -> None:
        report, gate = Report(), Gate()
        has_valkey = await self._start_valkey()
        for program in self._extras:
            await self._start(program)
        await self._start(programs.worker(self._place, report))
        await self._start(programs.api(self._place, gate))
        # Closed before the API stops: otherwise new connections would wait for it instead of being refused.
        self._running.callback(self._place.listening.close)
        if has_valkey:
            await valkey.wait_until_ready(self._check, self._place.settings.data_dir)
        if welcome := await report.read(self._check):
            self._greet(welcome)
        gate.open()
        await readiness.wait_until_ready(self._check, self._place.url)
        for child in self._children:
            child.is_settled = True
        await self._on_ready()

    async def _start_valkey(self) -> bool:
        settings = self._place.settings
        if settings.redis_url:
            return False
        await valkey.stop_leftover(settings.data_dir)
        await self._start(valkey.program(settings.data_dir))
        return True

    async def _start(self, program: Program) -> None:
        child = await self._running.enter_async_context(kept_running(program, self._hurry))
        self._children.append(child)

    def _check(self) -> None:
        for child in self._children:
            child.check()


def _cancel_on_signals(hurry: asyncio.Event) -> None:
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        if task.cancelling():
            hurry.set()
        else:
            log.info("stopping")
            task.cancel()

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # `nohup is0k up` has asked that the end of the terminal changes nothing.
        if each is not signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(each, stop)
