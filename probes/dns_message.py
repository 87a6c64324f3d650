"""DNS messages: what we ask, and what a server's bytes mean. RFC 1035, 2782, 3596, 8659; EDNS0 of RFC 6891.

Values are written as `dig +short` writes them, names in small letters: servers repeat the letter case we play with.
"""

import os
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from is0k.schema.enums import RecordType
from is0k.schema.target_rules import ascii_host, is_ip, reverse_name

CODES = {
    RecordType.A: 1,
    RecordType.NS: 2,
    RecordType.CNAME: 5,
    RecordType.SOA: 6,
    RecordType.PTR: 12,
    RecordType.MX: 15,
    RecordType.TXT: 16,
    RecordType.AAAA: 28,
    RecordType.SRV: 33,
    RecordType.CAA: 257,
}
INTERNET = 1

RESPONSE, OPCODE, RCODE = 0x8000, 0x7800, 0x000F
AUTHORITATIVE, TRUNCATED, RECURSION_DESIRED, RECURSION_AVAILABLE, AUTHENTIC = 0x0400, 0x0200, 0x0100, 0x0080, 0x0020

HEADER = struct.Struct("!6H")
RECORD = struct.Struct("!HHIH")
# RFC 6840 §5.7: with AD in the question the server says whether it has validated the answer.
ASKING = struct.pack("!5H", RECURSION_DESIRED | AUTHENTIC, 1, 0, 0, 1)
# The largest answer that passes every network in one piece: https://www.dnsflagday.net/2020/.
UDP_BYTES = 1232
OPT = struct.pack("!BHHIH", 0, 41, UDP_BYTES, 0, 0)

LONGEST_NAME, LONGEST_LABEL, POINTER = 255, 63, 0xC0
# A record has at least a pointer to its name, ten bytes of its own, and data; more than these is nobody's answer.
MAX_ANSWERS = 4_096

PLAIN_LABEL = re.compile(rb"[a-zA-Z0-9_-]+").fullmatch
# What BIND escapes in a name, and in a text between quotes.
ESCAPED_IN_NAMES, ESCAPED_IN_TEXTS = frozenset(b'"().;\\@$'), frozenset(b'"\\')


class BadMessage(ValueError):
    """The bytes are not a DNS message."""


@dataclass(frozen=True, slots=True)
class Question:
    """`name` in small letters with the final dot, `wire` the question as it is sent, `letters` the bits of its case."""

    name: str
    record_type: RecordType
    wire: bytes
    letters: int

    def shuffled(self) -> tuple[int, bytes]:
        """A new id, and the question with each letter small or capital by chance: who has not seen it must guess both
        (draft-vixie-dnsext-dns0x20)."""
        chance = int.from_bytes(os.urandom(len(self.wire) + 2))
        number = int.from_bytes(self.wire) ^ (chance >> 16 & self.letters)
        return chance & 0xFFFF, number.to_bytes(len(self.wire))


def message_of(id: int, asked: bytes) -> bytes:
    """What is sent: `asked` is the question's wire form."""
    return id.to_bytes(2) + ASKING + asked + OPT


@lru_cache(maxsize=8192)
def question_of(host: str, record_type: RecordType) -> Question:
    """Raises ValueError for what cannot be a name. An IP address is asked for by its name below in-addr.arpa."""
    name = reverse_name(host) if is_ip(host) else ascii_host(host).lower().removesuffix(".")
    labels = [label.encode("ascii") for label in name.split(".")]
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if not all(0 < len(label) <= LONGEST_LABEL for label in labels) or len(encoded) > LONGEST_NAME:
        raise ValueError(f"not a name: {host}")
    case = b"".join(b"\0" + bytes(0x20 * chr(letter).isalpha() for letter in label) for label in labels) + bytes(5)
    wire = encoded + struct.pack("!HH", CODES[record_type], INTERNET)
    return Question(f"{name}.", record_type, wire, int.from_bytes(case))


@dataclass(frozen=True, slots=True)
class Record:
    name: str
    code: int
    ttl_seconds: int
    value: str


@dataclass(frozen=True, slots=True)
class Message:
    """Of a truncated message, `answers` are left out."""

    id: int
    flags: int
    answers: list[Record]
    authorities: int

    @property
    def rcode(self) -> int:
        return self.flags & RCODE

    @property
    def is_truncated(self) -> bool:
        return bool(self.flags & TRUNCATED)


def decode(data: bytes) -> Message:
    """An answer to one question. Raises BadMessage, and nothing else, for whatever the bytes are."""
    try:
        return _decode(data)
    except (struct.error, IndexError) as error:
        raise BadMessage("the message ends in the middle") from error


def _decode(data: bytes) -> Message:
    id, flags, questions, answers, authorities, _ = HEADER.unpack_from(data)
    if not flags & RESPONSE or flags & OPCODE or questions != 1:
        raise BadMessage("not the answer to one question")
    if flags & TRUNCATED:
        return Message(id, flags, [], authorities)
    if answers > MAX_ANSWERS:
        raise BadMessage("too many answers")
    names = Names(data)
    _, at = names.read(HEADER.size)
    at += 4
    records = []
    for _ in range(answers):
        name, at = names.read(at)
        code, kind, ttl_seconds, length = RECORD.unpack_from(data, at)
        at += RECORD.size
        end = at + length
        if end > len(data):
            raise BadMessage("the message ends in the middle of a record")
        if kind == INTERNET:
            value = READERS.get(code, _unknown)(names, at, end)
            # RFC 2181 §8: the top bit is not part of the number.
            records.append(Record(name, code, ttl_seconds if ttl_seconds < 2**31 else 0, value))
        at = end
    return Message(id, flags, records, authorities)


class Names:
    """Reads names. Each place is read once, so that names that lead to names cost no more than the message is long."""

    __slots__ = ("_known", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        # By offset: the text, and how long the name is when it is written out.
        self._known: dict[int, tuple[str, int]] = {}

    def read(self, at: int) -> tuple[str, int]:
        """The name that begins there, and where it ends."""
        data, known = self.data, self._known
        start, end, places = at, 0, []
        while at not in known:
            length = data[at]
            if length >= POINTER:
                target = (length & 0x3F) << 8 | data[at + 1]
                end = end or at + 2
                # Only ever back, and never into what we are reading: no loops.
                if target >= start:
                    raise BadMessage("a name leads forward or to itself")
                places.append(at)
                at = start = target
            elif length > LONGEST_LABEL:
                raise BadMessage("a label of an unknown kind")
            elif length:
                places.append(at)
                at += length + 1
            else:
                known[at] = ("", 1)
        return self._joined(places, *known[at]), end or self._end_of(at)

    def _end_of(self, at: int) -> int:
        """Past the labels that follow: we came to a name read before without a pointer."""
        while 0 < self.data[at] < POINTER:
            at += self.data[at] + 1
        return at + (1 if self.data[at] == 0 else 2)

    def _joined(self, places: list[int], text: str, size: int) -> str:
        for at in reversed(places):
            length = self.data[at]
            if length < POINTER:
                text, size = f"{_label(self.data[at + 1 : at + 1 + length])}.{text}", size + length + 1
            if size > LONGEST_NAME:
                raise BadMessage("a name of more than 255 bytes")
            self._known[at] = (text, size)
        return text or "."


def _label(label: bytes) -> str:
    return (label.decode("ascii") if PLAIN_LABEL(label) else _escaped(label, ESCAPED_IN_NAMES, 0x21)).lower()


def _escaped(text: bytes, signs: frozenset[int], first: int) -> str:
    """As in a zone file: what is not printable becomes \\DDD. `first` is the first character that is."""
    return "".join(
        ("\\" if byte in signs else "") + chr(byte) if first <= byte < 0x7F else f"\\{byte:03d}" for byte in text
    )


def _quoted(text: bytes) -> str:
    return f'"{_escaped(text, ESCAPED_IN_TEXTS, 0x20)}"'


def _address(family: int, size: int) -> Callable[[Names, int, int], str]:
    def read(names: Names, at: int, end: int) -> str:
        if end - at != size:
            raise BadMessage("an address of the wrong length")
        return socket.inet_ntop(family, names.data[at:end])

    return read


def _numbers_and_name(numbers: str) -> Callable[[Names, int, int], str]:
    """A name, after the numbers of a struct's format."""
    before = struct.Struct(f"!{numbers}")

    def read(names: Names, at: int, end: int) -> str:
        name, stop = names.read(at + before.size)
        _must_be_same(stop, end)
        return " ".join([*map(str, before.unpack_from(names.data, at)), name])

    return read


def _soa(names: Names, at: int, end: int) -> str:
    primary, at = names.read(at)
    mailbox, at = names.read(at)
    _must_be_same(at + 20, end)
    return " ".join([primary, mailbox, *map(str, struct.unpack_from("!5I", names.data, at))])


def _txt(names: Names, at: int, end: int) -> str:
    texts = []
    while at < end:
        stop = at + 1 + names.data[at]
        texts.append(_quoted(names.data[at + 1 : stop]))
        at = stop
    _must_be_same(at, end)
    return " ".join(texts)


def _caa(names: Names, at: int, end: int) -> str:
    flags, length = names.data[at], names.data[at + 1]
    value = at + 2 + length
    if value > end:
        raise BadMessage("a record that does not end where it says")
    tag = _escaped(names.data[at + 2 : value], ESCAPED_IN_NAMES, 0x21)
    return f"{flags} {tag} {_quoted(names.data[value:end])}"


def _unknown(names: Names, at: int, end: int) -> str:
    """RFC 3597 §5."""
    return f"\\# {end - at} {names.data[at:end].hex()}".rstrip()


def _must_be_same(stop: int, end: int) -> None:
    if stop != end:
        raise BadMessage("a record that does not end where it says")


READERS: dict[int, Callable[[Names, int, int], str]] = {
    CODES[RecordType.A]: _address(socket.AF_INET, 4),
    CODES[RecordType.AAAA]: _address(socket.AF_INET6, 16),
    CODES[RecordType.CNAME]: _numbers_and_name(""),
    CODES[RecordType.NS]: _numbers_and_name(""),
    CODES[RecordType.PTR]: _numbers_and_name(""),
    CODES[RecordType.MX]: _numbers_and_name("H"),
    CODES[RecordType.SRV]: _numbers_and_name("3H"),
    CODES[RecordType.SOA]: _soa,
    CODES[RecordType.TXT]: _txt,
    CODES[RecordType.CAA]: _caa,
}
