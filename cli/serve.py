import socket

from is0k.cli import options
from is0k.cli.environment import read_settings


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
    from is0k.cli.supervisor.gate import wait_at

    logs.configure(read_settings(), process="api")
    listening = listener.listen(host, port) if descriptor is None else socket.socket(fileno=descriptor)
    from is0k.cli.server import run

    if gate is not None:
        wait_at(gate)
    run(listening)
