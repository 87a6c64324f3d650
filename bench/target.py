"""What is watched: a server that answers at once, in a process of its own, and costs next to nothing.

`python -m is0k.bench.target KIND FOLDER` prints the port it listens on, and serves until it is stopped.
"""

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import trustme
import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
HOST = "127.0.0.1"
AUTHORITY, CERTIFICATE = "authority.pem", "certificate.pem"
KINDS = ("http", "https", "tcp", "dns")

HEADER_BYTES, TYPE_AND_CLASS_BYTES = 12, 4
# An answer, recursion there; one question, one answer, nothing else.
DNS_HEADER = b"\x81\x80\0\1\0\1\0\0\0\0"
# The name that was asked for, A, IN, for a minute, 192.0.2.1.
DNS_RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"


class Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's in all but name.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        # Requests without a body, and short enough to come in one piece.
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(ANSWER)
            self._transport.close()


class Resolving(asyncio.DatagramProtocol):
    """Every name has one address."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        end = data.index(b"\0", HEADER_BYTES) + 1 + TYPE_AND_CLASS_BYTES
        self._transport.sendto(data[:2] + DNS_HEADER + data[HEADER_BYTES:end] + DNS_RECORD, addr)


async def serve(kind: str, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    if kind == "dns":
        transport, _ = await loop.create_datagram_endpoint(Resolving, (HOST, 0))
        print(transport.get_extra_info("sockname")[1], flush=True)
        await asyncio.Event().wait()
    protocol = asyncio.Protocol if kind == "tcp" else Answering
    context = server_context(folder) if kind == "https" else None
    server = await loop.create_server(protocol, HOST, 0, backlog=4096, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / CERTIFICATE)
    return context


def issue(folder: Path) -> None:
    """An authority, to be trusted by all that watch, and what it certifies."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / AUTHORITY))
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(folder / CERTIFICATE))


@contextmanager
def running(kind: str, folder: Path) -> Iterator[int]:
    """Its port."""
    command = [sys.executable, "-m", "is0k.bench.target", kind, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], Path(sys.argv[2])))
