"""ICMP messages as bytes: the echo requests we send, and what of all that arrives is about them.

RFC 792 and RFC 4443. An echo is known by a random token in its payload, which only who has received it can repeat.
"""

import socket
import struct
from enum import Enum
from typing import NamedTuple

HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
CHECKSUM_AT = 2
TOKEN_BYTES = 16
# For whoever looks at the wire. 56 bytes in all, as `ping` sends: some firewalls drop echoes of unusual sizes.
FILLER = b"uptime check by is0k".ljust(56 - TOKEN_BYTES, b".")
MESSAGE_BYTES = HEADER.size + TOKEN_BYTES + len(FILLER)
WORDS = struct.Struct(f"!{MESSAGE_BYTES // 2}H")
IPV6_HEADER_BYTES = 40

ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
ECHO_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
UNREACHABLE = {socket.AF_INET: 3, socket.AF_INET6: 1}
TIME_EXCEEDED = {socket.AF_INET: 11, socket.AF_INET6: 3}


class Refusal(Enum):
    """Why a router, or this machine itself, says that an echo will not arrive; with a place for the address."""

    NO_ROUTE = "no route to {}"
    FORBIDDEN = "a firewall on the way to {} refuses echo requests"
    TOO_FAR = "echo requests to {} pass too many routers: perhaps they go in a circle"


# "Administratively prohibited" in its shades: RFC 1812 §5.2.7.1, RFC 4443 §3.1.
FORBIDDEN_CODES = {socket.AF_INET: (9, 10, 13), socket.AF_INET6: (1, 5, 6)}
# "Fragmentation needed": the system sees to that.
TOO_BIG_CODE = 4


class Heard(NamedTuple):
    """What a message says of the echo with this token; without a refusal it has come back."""

    token: bytes
    refusal: Refusal | None = None


def echo_request(family: int, identifier: int, sequence: int, token: bytes) -> bytes:
    blank = HEADER.pack(ECHO_REQUEST[socket.AddressFamily(family)], 0, 0, identifier, sequence & 0xFFFF)
    message = blank + token + FILLER
    if family == socket.AF_INET6:
        # It covers the addresses too (RFC 4443 §2.3): only the system knows ours, and it fills it in.
        return message
    return message[:CHECKSUM_AT] + checksum(message) + message[CHECKSUM_AT + 2 :]


def checksum(message: bytes) -> bytes:
    """RFC 1071, for messages of the length ours have."""
    total: int = sum(WORDS.unpack(message))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")


def read_message(family: int, data: bytes) -> Heard | None:
    """None for what is not about an echo request of ours."""
    # A raw IPv4 socket, and on macOS any, has the IP header before the message: no type that we read begins with a 4.
    message = data[(data[0] & 15) * 4 :] if family == socket.AF_INET and data and data[0] >> 4 == 4 else data
    if len(message) < HEADER.size:
        return None
    kind = socket.AddressFamily(family)
    if message[0] == ECHO_REPLY[kind]:
        return Heard(token) if (token := _token(message)) else None
    refusal = refusal_of(family, message[0], message[1])
    token = refusal and _quoted_token(family, message[HEADER.size :])
    return Heard(token, refusal) if token else None


def refusal_of(family: int, type: int, code: int) -> Refusal | None:
    kind = socket.AddressFamily(family)
    if type == TIME_EXCEEDED[kind]:
        return Refusal.TOO_FAR
    if type != UNREACHABLE[kind] or (kind is socket.AF_INET and code == TOO_BIG_CODE):
        return None
    return Refusal.FORBIDDEN if code in FORBIDDEN_CODES[kind] else Refusal.NO_ROUTE


def quoted_request(family: int, message: bytes) -> bytes | None:
    """The token of an echo request that is handed back to us without its IP header."""
    is_request = len(message) >= HEADER.size and message[0] == ECHO_REQUEST[socket.AddressFamily(family)]
    token = message[HEADER.size : HEADER.size + TOKEN_BYTES]
    return token if is_request and len(token) == TOKEN_BYTES else None


def _token(message: bytes) -> bytes | None:
    """Of a whole reply: what is cut short or changed on the way has not come back."""
    if len(message) != MESSAGE_BYTES or not message.endswith(FILLER):
        return None
    return message[HEADER.size : HEADER.size + TOKEN_BYTES]


def _quoted_token(family: int, quote: bytes) -> bytes | None:
    """Routers quote at least 8 bytes of the message (RFC 792), and nearly all of them all (RFC 1812 §4.3.2.3)."""
    if not quote:
        return None
    length = (quote[0] & 15) * 4 if family == socket.AF_INET else IPV6_HEADER_BYTES
    return quoted_request(family, quote[length:])
