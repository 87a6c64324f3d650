"""Name servers, and others on the way, that lie: what was not asked is not believed, and costs next to nothing."""

import asyncio
import socket
import struct
from time import perf_counter, process_time

import pytest

from is0k.probes.dns import DnsProbe
from is0k.probes.dns_message import question_of
from is0k.probes.dns_sockets import MAX_STRAYS, Asker, Sockets
from is0k.probes.failures import Failure
from is0k.probes.name_servers import Server, server_of
from is0k.schema.enums import CheckStatus, Reason, RecordType
from is0k.tests.probes.name_server import NameServer, Script, asked, says, silent

pytestmark = pytest.mark.anyio

GOOD = says("www.example.com. 60 IN A 192.0.2.1")
EVIL = says("www.example.com. 60 IN A 203.0.113.66")
TIMEOUT, SLACK_MS = 0.3, 500


def other_id(question: bytes) -> list[bytes]:
    return EVIL(bytes([question[0] ^ 1]) + question[1:])


def other_name(question: bytes) -> list[bytes]:
    return EVIL(question[:13] + b"vvv" + question[16:])


def other_type(question: bytes) -> list[bytes]:
    return [answer.replace(b"\0\0\1\0\1", b"\0\0\x1c\0\1", 1) for answer in EVIL(question)]


def question_itself(question: bytes) -> list[bytes]:
    return [question]


def no_question(question: bytes) -> list[bytes]:
    return [question[:2] + bytes.fromhex("81830000000000000000")]


def empty(question: bytes) -> list[bytes]:
    return [b"", question[:2], question[:11]]


def noise(question: bytes) -> list[bytes]:
    return [b"\xff" * 1000, b"HTTP/1.1 200 OK\r\n\r\n"]


LIES = [other_id, other_name, other_type, question_itself, no_question, empty, noise]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
async def test_what_does_not_fit_the_question_is_passed_over(dns_probe: DnsProbe, lie: Script) -> None:
    async with NameServer(lambda question: [*lie(question), *GOOD(question)]) as server:
        found = await dns_probe.run(asked(server), 5.0)

    assert found.facts.answers == ["192.0.2.1"]
    assert len(server.questions) == 1


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
async def test_who_does_nothing_but_lie_has_not_answered(dns_probe: DnsProbe, lie: Script) -> None:
    async with NameServer(lie) as server:
        found = await dns_probe.run(asked(server), TIMEOUT)

    assert (found.reason, found.facts.answers) == (Reason.TIMEOUT, None)


async def test_a_name_in_other_letters_is_not_believed_but_asked_for_over_tcp(dns_probe: DnsProbe) -> None:
    async def honest(question: bytes, writer: asyncio.StreamWriter) -> None:
        [answer] = GOOD(question)
        writer.write(len(answer).to_bytes(2) + answer.replace(question[12:29], question[12:29].lower()))

    def forged(question: bytes) -> list[bytes]:
        [answer] = EVIL(question)
        return [answer.replace(question[12:29], question[12:29].swapcase())]

    async with NameServer(forged, tcp=honest) as server:
        found = await dns_probe.run(asked(server), 5.0)

    assert found.facts.answers == ["192.0.2.1"]
    assert (len(server.questions), len(server.tcp_questions)) == (1, 1)


async def test_an_answer_from_another_port_never_arrives(dns_probe: DnsProbe) -> None:
    async with NameServer(silent) as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:

            def from_elsewhere(question: bytes) -> list[bytes]:
                attacker.sendto(EVIL(question)[0], ("127.0.0.1", server.sources[-1]))
                return []

            server.script = from_elsewhere
            found = await dns_probe.run(asked(server), TIMEOUT)

    assert (found.reason, found.facts.answers) == (Reason.TIMEOUT, None)
    assert len(server.sources) == 3


def one_record(rdata: bytes, record_type: int = 1, count: int = 1) -> Script:
    """Answers the question well, and then with this."""

    def script(question: bytes) -> list[bytes]:
        header = question[:2] + struct.pack("!5H", 0x8180, 1, count, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", record_type, 1, 60, len(rdata)) + rdata
        return [header + question[12:-11] + record]

    return script


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (one_record(b"\x7f\0\0"), "an address of the wrong length"),
        (one_record(b"\xc0\x2d", 5), "a name leads forward or to itself"),
        (one_record(b"\x3f" + b"x" * 20, 5), "the message ends in the middle"),
        (one_record(b"\x80x", 5), "a label of an unknown kind"),
        (one_record(b"\xc0\x0cx", 5), "a record that does not end where it says"),
        (one_record(b"\x09short", 16), "a record that does not end where it says"),
        (one_record(b"\x7f\0\0\1", count=2), "the message ends in the middle"),
        (one_record(b"\x7f\0\0\1", count=65_535), "too many answers"),
    ],
)
async def test_an_answer_that_is_no_dns_message(dns_probe: DnsProbe, script: Script, words: str) -> None:
    async with NameServer(script) as server:
        found = await dns_probe.run(asked(server), 5.0)

    assert (found.status, found.reason) == (CheckStatus.DOWN, Reason.DNS_ERROR)
    assert found.message == f"the answer of {server.where} is not valid DNS: {words}"
    assert found.timings.total_ms is not None and found.timings.total_ms < SLACK_MS


def ladder(question: bytes) -> bytes:
    """64 KiB in which names are made of pointers to pointers to pointers, 4,000 of them read to the bottom."""
    start = question[:2] + struct.pack("!5H", 0x8180, 1, 4000, 0, 0) + question[12:-11]
    first = b"\xc0\x0c" + struct.pack("!HHIH", 99, 1, 60, 16_000)
    rungs, at = bytearray(), len(start) + len(first)
    for place in range(at, at + 16_000, 2):
        target = place - 2 if place > at else 12
        rungs += (0xC000 | target).to_bytes(2)
    top = (0xC000 | (at + 15_998)).to_bytes(2)
    record = top + struct.pack("!HHIH", 99, 1, 60, 0)
    return start + first + bytes(rungs) + record * 3999


async def test_a_compression_bomb_costs_a_moment(dns_probe: DnsProbe) -> None:
    async def bomb(question: bytes, writer: asyncio.StreamWriter) -> None:
        answer = ladder(question)
        assert 60_000 < len(answer) < 65_536
        writer.write(len(answer).to_bytes(2) + answer)

    async with NameServer(says(flags="QR TC"), tcp=bomb) as server:
        began = process_time()
        found = await dns_probe.run(asked(server), 5.0)

    assert process_time() - began < 0.25
    assert found.message == f"{server.where} says that www.example.com has no A record"


async def test_a_flood_of_wrong_answers_ends_with_its_socket(dns_probe: DnsProbe) -> None:
    def flood(question: bytes) -> list[bytes]:
        return other_id(question) * (MAX_STRAYS + 50)

    async with NameServer(flood) as server:
        began = perf_counter()
        found = await dns_probe.run(asked(server), TIMEOUT)

    assert found.reason is Reason.TIMEOUT
    assert perf_counter() - began < TIMEOUT + SLACK_MS / 1000
    assert len(set(server.sources)) == 3


class Waiting:
    """Somebody who waits for an answer, and remembers what came."""

    question = question_of("www.example.com", RecordType.A)

    def __init__(self) -> None:
        self.seen: list[bytes | Failure] = []

    def received(self, server: Server, data: bytes, *, is_verbatim: bool) -> None:
        self.seen.append(data)

    def failed(self, server: Server, failure: Failure) -> None:
        self.seen.append(failure)


async def test_an_id_given_out_again_belongs_to_who_asked_last() -> None:
    first, second = Waiting(), Waiting()
    async with NameServer(silent) as server:
        sockets = Sockets()
        sock = sockets.to(server_of(server.where))
        id = sock.ask(first)
        sock.forget(id, first)
        sock.waiting[id] = waiting = (second, b"")
        sock.forget(id, first)
        still_waiting = dict(sock.waiting)
        sockets.close()

    assert still_waiting == {id: waiting}


async def test_no_socket_stays_open_that_nobody_uses() -> None:
    async with NameServer(GOOD) as server:
        sockets = Sockets()
        asker: Asker = Waiting()
        first = sockets.to(server_of(server.where))
        id = first.ask(asker)
        first.retire()
        second = sockets.to(server_of(server.where))
        open_while_waiting = set(sockets.open)
        first.forget(id, asker)
        open_after = set(sockets.open)
        second.retire()

    assert second is not first
    assert (open_while_waiting, open_after, sockets.open) == ({first, second}, {second}, set())
