"""A name server that says byte for byte what a test wants, over UDP and TCP, and remembers what it was asked."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from is0k.schema.dns_settings import DnsSettings
from is0k.schema.enums import RecordType

# From the bytes of a question to the datagrams that come back.
Script = Callable[[bytes], list[bytes]]
TcpScript = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def says(*records: str, rcode: str = "NOERROR", flags: str = "QR RD RA", authority: str | None = None) -> Script:
    """`"www.example.com. 60 IN A 192.0.2.1"`, and the same with the rcode and flags."""

    def script(question: bytes) -> list[bytes]:
        response = dns.message.make_response(dns.message.from_wire(question))
        response.flags = dns.flags.from_text(flags)
        response.set_rcode(dns.rcode.from_text(rcode))
        response.answer = [rrset(record) for record in records]
        response.authority = [rrset(authority)] if authority else []
        return [response.to_wire(max_size=65_535)]

    return script


def rrset(record: str) -> dns.rrset.RRset:
    name, ttl, kind, type, value = record.split(maxsplit=4)
    return dns.rrset.from_text(name, int(ttl), kind, type, value)


def silent(question: bytes) -> list[bytes]:
    return []


def truncated(question: bytes) -> list[bytes]:
    return says(flags="QR RD RA TC")(question)


def asked(resolver: "NameServer | str | None", record_type: str = "A", **other: Any) -> DnsSettings:
    given = resolver.where if isinstance(resolver, NameServer) else resolver
    settings: dict[str, Any] = {"host": "www.example.com", "resolver": given, **other}
    return DnsSettings(record_type=RecordType(record_type), **settings)


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Over TCP it says what `script` does, or what a `tcp` script writes; without `has_tcp` nobody listens there."""

    script: Script
    tcp: TcpScript | None = None
    has_tcp: bool = True
    host: str = "127.0.0.1"
    port: int = 0
    delay_seconds: float = 0
    questions: list[bytes] = field(default_factory=list)
    tcp_questions: list[bytes] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._conversations: set[asyncio.StreamWriter] = set()
        for _ in range(20):
            with contextlib.suppress(OSError):
                await self._listen(self.port)
                return self
        raise OSError("no port is free for both UDP and TCP")

    async def _listen(self, port: int) -> None:
        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, (self.host, port))
        port = self._udp.get_extra_info("sockname")[1]
        try:
            self._server = await asyncio.start_server(self._accept, self.host, port) if self.has_tcp else None
        except OSError:
            # Others on this machine may use it for TCP. What stays open would keep uvloop from closing.
            self._udp.close()
            raise
        self.port = port

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        if self._server:
            self._server.close()
        for writer in self._conversations:
            writer.transport.abort()
        await asyncio.sleep(0)

    @property
    def where(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.questions.append(data)
        self.sources.append(address[1])
        asyncio.get_running_loop().call_later(self.delay_seconds, self._answer, data, address)

    def _answer(self, question: bytes, address: Any) -> None:
        for answer in self.script(question):
            self._udp.sendto(answer, address)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._conversations.add(writer)
        try:
            question = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            self.tcp_questions.append(question)
            if self.tcp:
                await self.tcp(question, writer)
            else:
                for answer in self.script(question):
                    writer.write(len(answer).to_bytes(2) + answer)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def asked_for(question: bytes) -> str:
    """The name in it, in small letters."""
    return str(dns.message.from_wire(question).question[0].name).lower()


def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return cast(int, sock.getsockname()[1])
