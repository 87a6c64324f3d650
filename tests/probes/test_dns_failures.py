"""Name servers that are silent, gone, slow or too wordy for UDP; and those that may not be asked at all."""

import asyncio
import socket
from ipaddress import ip_network

import pytest

from is0k.probes.dns import DnsProbe
from is0k.probes.guard import Guard
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.probes.conftest import LOOPBACK
from is0k.tests.probes.name_server import NameServer, Script, asked, closed_port, says, silent, truncated

pytestmark = pytest.mark.anyio

GOOD = says("www.example.com. 60 IN A 192.0.2.1")
TIMEOUT, SLACK_MS = 0.3, 500


async def test_silence_is_a_time_out_after_three_questions(dns_probe: DnsProbe) -> None:
    async with NameServer(silent) as server:
        found = await dns_probe.run(asked(server), TIMEOUT)

    assert (found.status, found.reason) == (CheckStatus.DOWN, Reason.TIMEOUT)
    assert found.message == f"no answer within 0.3 s (asking {server.where})"
    # A timer may go off a fraction of a millisecond early.
    assert found.timings.total_ms is not None and 299 <= found.timings.total_ms < 300 + SLACK_MS
    assert found.latency_ms is None
    assert len(server.questions) == 3
    assert len({question[:2] for question in server.questions}) == 3


async def test_a_question_lost_on_the_way_is_asked_again(dns_probe: DnsProbe) -> None:
    answers = iter([silent, GOOD])
    async with NameServer(lambda question: next(answers)(question)) as server:
        found = await dns_probe.run(asked(server), 0.6)

    assert found.status is CheckStatus.UP
    assert found.latency_ms is not None and 200 <= found.latency_ms < 200 + SLACK_MS
    assert len(server.questions) == 2


async def test_a_slow_answer_to_the_first_question_counts(dns_probe: DnsProbe) -> None:
    """It comes after the second was asked."""

    def only_the_first(question: bytes) -> list[bytes]:
        return GOOD(question) if question == server.questions[0] else []

    async with NameServer(only_the_first, delay_seconds=0.35) as server:
        found = await dns_probe.run(asked(server), 0.9)

    assert found.status is CheckStatus.UP
    assert found.latency_ms is not None and found.latency_ms >= 350
    assert len(server.questions) == 2


async def test_an_answer_after_the_time_out_is_of_no_use_to_the_next_check(dns_probe: DnsProbe) -> None:
    async with NameServer(GOOD, delay_seconds=0.4) as server:
        first = await dns_probe.run(asked(server), TIMEOUT)
        server.script = silent
        await asyncio.sleep(0.2)
        second = await dns_probe.run(asked(server), TIMEOUT)

    assert (first.reason, second.reason) == (Reason.TIMEOUT, Reason.TIMEOUT)


async def test_a_port_nobody_listens_on_refuses_at_once(dns_probe: DnsProbe) -> None:
    resolver = f"127.0.0.1:{closed_port()}"

    found = await dns_probe.run(asked(resolver), 5.0)

    assert (found.status, found.reason) == (CheckStatus.DOWN, Reason.CONNECTION_REFUSED)
    assert found.message == f"connection refused by {resolver}"
    assert found.timings.total_ms is not None and found.timings.total_ms < SLACK_MS


async def test_a_refusal_is_told_to_all_who_wait_and_the_server_is_found_when_it_is_back(dns_probe: DnsProbe) -> None:
    port = closed_port()
    settings = asked(f"127.0.0.1:{port}")
    found = await asyncio.gather(*(dns_probe.run(settings, 5.0) for _ in range(20)))
    async with NameServer(GOOD, has_tcp=False, port=port):
        later = await dns_probe.run(settings, 5.0)

    assert {outcome.reason for outcome in found} == {Reason.CONNECTION_REFUSED}
    assert later.status is CheckStatus.UP


async def test_many_questions_at_once_each_get_their_own_answer(dns_probe: DnsProbe) -> None:
    def numbered(question: bytes) -> list[bytes]:
        name = question[13 : 13 + question[12]].decode().lower()
        return says(f"{name}.example.com. 60 IN A 192.0.2.{name[1:]}")(question)

    async with NameServer(numbered, delay_seconds=0.02) as server:
        runs = (dns_probe.run(asked(server, host=f"n{n}.example.com"), 5.0) for n in range(200))
        found = await asyncio.gather(*runs)

    assert [outcome.facts.answers for outcome in found] == [[f"192.0.2.{n}"] for n in range(200)]
    assert len(server.questions) == 200


async def test_what_is_too_large_for_udp_is_asked_for_over_tcp(dns_probe: DnsProbe) -> None:
    records = [f'www.example.com. 60 IN TXT "{n:03d}{"x" * 200}"' for n in range(300)]

    async def whole(question: bytes, writer: asyncio.StreamWriter) -> None:
        [answer] = says(*records)(question)
        writer.write(len(answer).to_bytes(2) + answer)

    async with NameServer(truncated, tcp=whole) as server:
        found = await dns_probe.run(asked(server, "TXT"), 5.0)

    assert (found.status, found.message) == (CheckStatus.UP, None)
    assert found.facts.answers is not None and len(found.facts.answers) == 300
    assert (len(server.questions), len(server.tcp_questions)) == (1, 1)


async def says_half(question: bytes, writer: asyncio.StreamWriter) -> None:
    [answer] = GOOD(question)
    writer.write(len(answer).to_bytes(2) + answer[:20])
    writer.write_eof()


async def stops_in_the_middle(question: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\xff" + b"x" * 1000)


async def answers_another(question: bytes, writer: asyncio.StreamWriter) -> None:
    [answer] = GOOD(question.lower().replace(b"www", b"web"))
    writer.write(len(answer).to_bytes(2) + answer)


async def garbage(question: bytes, writer: asyncio.StreamWriter) -> None:
    [answer] = GOOD(question)
    writer.write(len(answer).to_bytes(2) + answer[:40] + b"\xff" * (len(answer) - 40))


async def truncated_again(question: bytes, writer: asyncio.StreamWriter) -> None:
    [answer] = truncated(question)
    writer.write(len(answer).to_bytes(2) + answer)


@pytest.mark.parametrize(
    ("tcp", "reason", "message"),
    [
        (says_half, Reason.CONNECTION_RESET, "ns1 closed the TCP connection before its answer was complete"),
        (stops_in_the_middle, Reason.TIMEOUT, "no answer within 0.3 s (asking ns1 over TCP)"),
        (answers_another, Reason.DNS_ERROR, "what ns1 answers over TCP was not asked"),
        (garbage, Reason.DNS_ERROR, "the answer of ns1 is not valid DNS: "),
        (truncated_again, Reason.DNS_ERROR, "the answer of ns1 is not valid DNS: it is incomplete even over TCP"),
    ],
)
async def test_a_broken_answer_over_tcp(dns_probe: DnsProbe, tcp: object, reason: Reason, message: str) -> None:
    async with NameServer(truncated, tcp=tcp) as server:  # type: ignore[arg-type]
        found = await dns_probe.run(asked(server), TIMEOUT)

    assert found.message is not None
    assert (found.status, found.reason) == (CheckStatus.DOWN, reason)
    assert found.message.replace(server.where, "ns1").startswith(message)
    assert found.timings.total_ms is not None and found.timings.total_ms < 300 + SLACK_MS


async def test_while_tcp_hangs_an_answer_over_udp_counts(dns_probe: DnsProbe) -> None:
    answers = iter([truncated, GOOD])
    async with NameServer(lambda question: next(answers)(question), tcp=stops_in_the_middle) as server:
        found = await dns_probe.run(asked(server), 0.6)

    assert (found.status, found.facts.answers) == (CheckStatus.UP, ["192.0.2.1"])
    assert (len(server.questions), len(server.tcp_questions)) == (2, 1)


async def test_a_server_that_needs_tcp_and_refuses_it(dns_probe: DnsProbe) -> None:
    async with NameServer(truncated, has_tcp=False) as server:
        found = await dns_probe.run(asked(server), 5.0)

    assert found.reason is Reason.CONNECTION_REFUSED
    assert found.message == f"connection refused by {server.where} (over TCP: its answer over UDP would not do)"


@pytest.mark.parametrize("script", [GOOD, truncated])
async def test_a_forbidden_name_server_is_sent_nothing(script: Script) -> None:
    probe = DnsProbe(Guard())
    async with NameServer(script) as server:
        found = await probe.run(asked(server), 5.0)
        await asyncio.sleep(0.05)
    await probe.close()

    assert (found.status, found.reason) == (CheckStatus.DOWN, Reason.BLOCKED_TARGET)
    assert found.message is not None and found.message.startswith("127.0.0.1 is this machine itself")
    assert (server.questions, server.tcp_questions) == ([], [])


@pytest.mark.parametrize(
    "resolver",
    ["10.0.0.53", "169.254.169.254:53", "[fd00:ec2::254]", "[::ffff:10.0.0.1]:53", "0.0.0.0", "224.0.0.251:5353"],
)
async def test_a_name_server_of_a_private_network_is_refused_before_a_socket_is_made(
    resolver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was made")

    probe = DnsProbe(Guard(LOOPBACK))
    monkeypatch.setattr(socket, "socket", refused)
    found = await probe.run(asked(resolver), 0.2)
    monkeypatch.undo()
    await probe.close()

    assert found.reason is Reason.BLOCKED_TARGET


async def test_our_own_ports_are_refused_where_loopback_is_allowed() -> None:
    async with NameServer(GOOD) as server:
        probe = DnsProbe(Guard((ip_network("127.0.0.0/8"),), [("127.0.0.1", server.port)]))
        found = await probe.run(asked(server), 5.0)
        await probe.close()

    assert found.reason is Reason.BLOCKED_TARGET
    assert server.questions == []


async def test_who_is_stopped_in_the_middle_says_so(dns_probe: DnsProbe) -> None:
    async with NameServer(silent) as server:
        run = asyncio.ensure_future(dns_probe.run(asked(server), 5.0))
        await asyncio.sleep(0.05)
        await dns_probe.close()
        found = await run

    assert (found.status, found.reason) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR)
    assert found.message == "is0k was stopped during the check"
