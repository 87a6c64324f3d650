"""The address people reach the API at, taken once by the supervisor.

The API inherits the socket, so a connection made while the API starts again waits instead of being refused, and no
other program can take the port in between.
"""

import errno
import socket
import time
from ipaddress import ip_address

from is0k.cli.faults import Failure

BACKLOG = 2048
POLL_SECONDS = 0.05


def listen(host: str, port: int, patience_seconds: float = 0.0) -> socket.socket:
    """Raises Failure with what to do about it; a taken port may become free for `patience_seconds` first.

    Port 0 lets the system choose.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return _listen(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise Failure(_explain(error, host, port)) from None
        time.sleep(POLL_SECONDS)


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # Without it the port stays taken for a minute after a restart, by connections that are already closed.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _explain(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"There is no address called {host}."
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by another program. Choose another one: --port {port + 1}."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine."
        case errno.EACCES:
            return f"Port {port} may not be used by this user. Choose one from 1024 on, for example --port 8000."
        case _:
            return f"Cannot listen on {host} port {port}: {error.strerror}."


def http_url(listening: socket.socket) -> str:
    """Where this machine reaches the socket: by loopback, when it listens everywhere."""
    host, port = listening.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
