"""uvicorn, set up for is0k."""

import resource
import signal
import socket
from types import FrameType
from typing import Any

import structlog
import uvicorn

from is0k.app import create_app, wind_down
from is0k.cli.faults import ToldFailure
from is0k.cli.http_protocol import PatientProtocol
from is0k.cli.supervisor.listener import http_url
from is0k.web.graphql_socket import LARGEST_MESSAGE_BYTES

KEEP_ALIVE_SECONDS = 10
# What open requests get to end in once the server is asked to stop.
GRACE_SECONDS = 4
# Beyond it uvicorn answers 503. A connection that only waits costs about 10 kB.
MOST_CONNECTIONS = 8_192
SPARE_DESCRIPTORS = 256

log = structlog.get_logger("is0k.api")


class Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Subscriptions last as long as their clients like: they would use up the whole grace.
        wind_down(self.config.loaded_app)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Without uvicorn's habit of raising the signal again at the end: stopping as asked is exit code 0."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def configured(app: Any, **options: Any) -> uvicorn.Config:
    """The one configuration: tests run what people run."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=PatientProtocol,
        ws="websockets-sansio",  # uvicorn calls the older "websockets" deprecated
        ws_max_size=LARGEST_MESSAGE_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **options,
    )


def raise_descriptor_limit() -> None:
    """A shell allows 1024 files by default, so that a thousand idle connections would shut everybody out."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_DESCRIPTORS
    allowed = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def run(listening: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT. Raises ToldFailure when the app could not start; the log says why."""
    raise_descriptor_limit()
    config = configured(create_app, factory=True, lifespan="on")
    log.info("API started", url=http_url(listening))
    try:
        Server(config).run(sockets=[listening])
    except SystemExit:
        raise ToldFailure from None
    log.info("API stopped")
