"""uvicorn, set up for is0k."""

import signal
import socket
from types import FrameType

import structlog
import uvicorn

from is0k.app import create_app
from is0k.cli.faults import ToldFailure
from is0k.cli.supervisor.listener import http_url

KEEP_ALIVE_SECONDS = 10
# What open requests get to end in once the server is asked to stop.
GRACE_SECONDS = 4

log = structlog.get_logger("is0k.api")


class Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Without uvicorn's habit of raising the signal again at the end: stopping as asked is exit code 0."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def run(listening: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT. Raises ToldFailure when the app could not start; the log says why."""
    config = uvicorn.Config(
        create_app,
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",  # uvicorn calls the older "websockets" deprecated
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    log.info("API started", url=http_url(listening))
    try:
        Server(config).run(sockets=[listening])
    except SystemExit:
        raise ToldFailure from None
    log.info("API stopped")
