import socket
from contextlib import closing
from typing import TYPE_CHECKING

from is0k.cli import options
from is0k.cli.environment import read_settings

if TYPE_CHECKING:
    from is0k.settings import Settings


def serve(
    host: options.Host = "127.0.0.1",
    port: options.Port = 8000,
    descriptor: options.Descriptor = None,
    gate: options.Descriptor = None,
) -> None:
    """Run the API alone.

    For an installation on several machines, with IS0K_DATABASE_URL and IS0K_REDIS_URL. Any number may run.

    Example:  is0k serve --host 0.0.0.0 --port 8000
    """
    from is0k.cli import logs
    from is0k.cli.supervisor import listener

    settings = read_settings()
    logs.configure(settings, process="api")
    with closing(listener.listen(host, port) if descriptor is None else socket.socket(fileno=descriptor)) as listening:
        from is0k.cli.server import run

        _wait_for_database(settings, gate)
        run(listening)


def _wait_for_database(settings: "Settings", gate: int | None) -> None:
    from is0k.cli.supervisor.gate import wait_at

    if gate is not None:
        wait_at(gate)
        return
    from is0k.cli import database

    database.check(settings)
