"""How a connection that begins in the clear is asked to encrypt. Raises Failure, with the server's words."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from is0k.probes.attempt import said
from is0k.probes.dialer import Watch
from is0k.probes.failures import Failure, connect_failure
from is0k.schema.enums import Reason, StartTls

LINE_BYTES = 2 * 1024
MAX_LINES = 100
# https://www.postgresql.org/docs/current/protocol-message-formats.html: SSLRequest.
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
SPOKEN = {
    StartTls.SMTP: "SMTP",
    StartTls.IMAP: "IMAP",
    StartTls.POP3: "POP3",
    StartTls.POSTGRES: "the protocol of PostgreSQL",
}


class Dialogue:
    """Lines to and from a server before TLS, read with bounds."""

    def __init__(self, kind: StartTls, sock: socket.socket, watch: Watch) -> None:
        self.sock, self._kind, self._watch = sock, kind, watch
        self._loop = asyncio.get_running_loop()
        self._heard = bytearray()
        self._lines = 0

    async def say(self, data: bytes) -> None:
        try:
            await self._loop.sock_sendall(self.sock, data)
        except OSError as error:
            raise self._broken(error) from error

    async def line(self) -> bytes:
        """The next line, without its end."""
        while b"\n" not in self._heard:
            if len(self._heard) >= LINE_BYTES:
                raise self.gibberish(self._heard)
            await self._hear()
        line, _, self._heard = self._heard.partition(b"\n")
        self._lines += 1
        if self._lines > MAX_LINES:
            raise self.gibberish(line)
        return bytes(line.rstrip(b"\r"))

    async def byte(self) -> bytes:
        await self._hear()
        byte, self._heard = bytes(self._heard[:1]), self._heard[1:]
        return byte

    def rest(self) -> bytes:
        return bytes(self._heard)

    def end(self) -> None:
        """What came in the clear after the answer may be from anybody (CVE-2011-0411)."""
        if self._heard:
            raise self.failed(f"went on in the clear after it agreed to encrypt: '{said(self._heard)}'")

    def failed(self, words: str) -> Failure:
        return Failure(Reason.TLS_ERROR, f"{self._watch.where} {words}")

    def refused(self, line: bytes) -> Failure:
        return self.failed(f"refused to encrypt: '{said(line)}'")

    def turned_away(self, line: bytes) -> Failure:
        return self.failed(f"turned us away: '{said(line)}'")

    def gibberish(self, heard: bytes | bytearray) -> Failure:
        return self.failed(f"does not speak {SPOKEN[self._kind]}: '{said(heard)}'")

    async def _hear(self) -> None:
        try:
            data = await self._loop.sock_recv(self.sock, LINE_BYTES)
        except OSError as error:
            raise self._broken(error) from error
        if not data:
            words = f": '{said(self._heard)}'" if self._heard else ""
            message = f"{self._watch.where} closed the connection before it agreed to encrypt{words}"
            raise Failure(Reason.CONNECTION_ERROR, message)
        self._heard += data

    def _broken(self, error: OSError) -> Failure:
        failure = connect_failure(self._watch.where, error)
        return Failure(failure.reason, f"{failure.message} before it agreed to encrypt")


async def smtp(dialogue: Dialogue) -> None:
    """RFC 3207."""
    code, lines = await smtp_reply(dialogue)
    if code != b"220":
        raise dialogue.turned_away(lines[-1])
    # RFC 5321 §4.1.3: who has no name says its address.
    ip = dialogue.sock.getsockname()[0].partition("%")[0]
    await dialogue.say(f"EHLO [{'IPv6:' if ':' in ip else ''}{ip}]\r\n".encode())
    code, lines = await smtp_reply(dialogue)
    if code != b"250":
        raise dialogue.turned_away(lines[-1])
    if not any(line[4:].strip().upper() == b"STARTTLS" for line in lines):
        raise dialogue.failed("does not offer STARTTLS")
    await dialogue.say(b"STARTTLS\r\n")
    code, lines = await smtp_reply(dialogue)
    if code != b"220":
        raise dialogue.refused(lines[-1])


async def smtp_reply(dialogue: Dialogue) -> tuple[bytes, list[bytes]]:
    lines = []
    while True:
        line = await dialogue.line()
        if not line[:3].isdigit() or line[3:4] not in (b"", b" ", b"-"):
            raise dialogue.gibberish(line)
        lines.append(line)
        if line[3:4] != b"-":
            return line[:3], lines


async def imap(dialogue: Dialogue) -> None:
    """RFC 9051 §6.2.1."""
    greeting = await dialogue.line()
    if greeting.upper().startswith((b"* BYE", b"* PREAUTH")):
        raise dialogue.turned_away(greeting)
    if not greeting.upper().startswith(b"* OK"):
        raise dialogue.gibberish(greeting)
    await dialogue.say(b"a STARTTLS\r\n")
    line = await dialogue.line()
    while line.startswith(b"* "):
        line = await dialogue.line()
    if not line.startswith(b"a "):
        raise dialogue.gibberish(line)
    if not line.upper().startswith(b"A OK"):
        raise dialogue.refused(line)


async def pop3(dialogue: Dialogue) -> None:
    """RFC 2595 §4."""
    greeting = await dialogue.line()
    if greeting.startswith(b"-ERR"):
        raise dialogue.turned_away(greeting)
    if not greeting.startswith(b"+OK"):
        raise dialogue.gibberish(greeting)
    await dialogue.say(b"STLS\r\n")
    line = await dialogue.line()
    if line.startswith(b"-ERR"):
        raise dialogue.refused(line)
    if not line.startswith(b"+OK"):
        raise dialogue.gibberish(line)


async def postgres(dialogue: Dialogue) -> None:
    """https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL."""
    await dialogue.say(SSL_REQUEST)
    match await dialogue.byte():
        case b"S":
            return
        case b"N":
            raise dialogue.failed("does not offer TLS: it answered 'N' to the SSLRequest of PostgreSQL")
        case b"E":
            raise dialogue.turned_away(postgres_message(dialogue.rest()))
        case byte:
            raise dialogue.gibberish(byte + dialogue.rest())


def postgres_message(error: bytes) -> bytes:
    """Of an ErrorResponse without its first byte: its length, then fields, each a letter and text that ends in 0."""
    fields = error[4:].split(b"\0")
    return next((field[1:] for field in fields if field.startswith(b"M")), error[4:])


DIALOGUES: dict[StartTls, Callable[[Dialogue], Awaitable[None]]] = {
    StartTls.SMTP: smtp,
    StartTls.IMAP: imap,
    StartTls.POP3: pop3,
    StartTls.POSTGRES: postgres,
}


async def start_tls(kind: StartTls, sock: socket.socket, watch: Watch) -> None:
    if kind is StartTls.NONE:
        return
    watch.doing = f"connected to {watch.where}, asking it to encrypt"
    dialogue = Dialogue(kind, sock, watch)
    await DIALOGUES[kind](dialogue)
    dialogue.end()
