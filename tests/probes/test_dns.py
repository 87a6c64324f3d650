"""What the dns probe asks, and what it makes of honest answers."""

import re

import dns.flags
import dns.message
import pytest

from is0k.probes.base import Outcome
from is0k.probes.dns import DnsProbe
from is0k.schema.enums import CheckStatus, MatchMode, Reason
from is0k.tests.probes.name_server import NameServer, Script, asked, asked_for, says

pytestmark = pytest.mark.anyio

WWW = "www.example.com. 60 IN"
SOA = "example.com. 60 IN SOA ns1.example.com. a.example.com. 1 2 3 4 5"
TIMEOUT = 5.0


async def outcome(probe: DnsProbe, script: Script, record_type: str = "A", **settings: object) -> Outcome:
    async with NameServer(script) as server:
        found = await probe.run(asked(server, record_type, **settings), TIMEOUT)
        # The port is another each time; a test that reads it must not care.
        return found if found.message is None else replaced(found, server)


def replaced(found: Outcome, server: NameServer) -> Outcome:
    assert found.message
    return Outcome(found.status, found.reason, found.message.replace(server.where, "ns1"), detail=found.detail)


@pytest.mark.parametrize(
    ("record_type", "records", "answers"),
    [
        ("A", ["192.0.2.7", "192.0.2.1"], ["192.0.2.1", "192.0.2.7"]),
        ("AAAA", ["2001:DB8:0::1"], ["2001:db8::1"]),
        ("CNAME", ["Shop.Example.NET."], ["shop.example.net."]),
        ("MX", ["10 Mail.example.com.", "5 mail2.example.com."], ["10 mail.example.com.", "5 mail2.example.com."]),
        ("NS", ["ns1.example.com."], ["ns1.example.com."]),
        ("TXT", ['"v=spf1 -all"', r'"a \"b\" " "\228"'], [r'"a \"b\" " "\228"', '"v=spf1 -all"']),
        ("SOA", ["ns1.example.com. john\\.doe.example.com. 7 6 5 4 3"], None),
        ("SRV", ["10 5 5060 sip.example.com."], None),
        ("CAA", ['0 issue "letsencrypt.org"', '128 iodef "mailto:a@b.c"'], None),
        ("PTR", ["www.example.com."], None),
    ],
)
async def test_every_type_is_read_as_dig_prints_it(
    dns_probe: DnsProbe, record_type: str, records: list[str], answers: list[str] | None
) -> None:
    name, host = ("1.2.0.192.in-addr.arpa.", "192.0.2.1") if record_type == "PTR" else (WWW.split()[0], WWW.split()[0])
    script = says(*(f"{name} 60 IN {record_type} {record}" for record in records))

    found = await outcome(dns_probe, script, record_type, host=host)

    assert (found.status, found.reason, found.message) == (CheckStatus.UP, Reason.OK, None)
    assert found.facts.answers == found.detail["answers"] == (answers or records)


async def test_what_is_measured_and_told(dns_probe: DnsProbe) -> None:
    script = says("www.example.com. 300 IN A 192.0.2.1", "www.example.com. 30 IN A 192.0.2.2", flags="QR AA RD AD")

    async with NameServer(script, delay_seconds=0.03) as server:
        found = await dns_probe.run(asked(server), TIMEOUT)

    assert found.latency_ms is not None and 30 <= found.latency_ms < 3000
    assert found.timings.dns_ms == found.timings.total_ms == found.latency_ms
    assert (found.facts.address, found.status_code) == ("127.0.0.1", None)
    assert found.detail == {
        "remoteAddress": server.where,
        "resolver": server.where,
        "rcode": "NOERROR",
        "flags": ["aa", "ad"],
        "answers": ["192.0.2.1", "192.0.2.2"],
        "minTtlSeconds": 30,
    }


async def test_the_question_is_one_any_server_takes(dns_probe: DnsProbe) -> None:
    async with NameServer(says(f"{WWW} A 192.0.2.1")) as server:
        await dns_probe.run(asked(server), TIMEOUT)

    question = dns.message.from_wire(server.questions[0])
    assert question.flags == dns.flags.RD | dns.flags.AD
    assert (question.edns, question.payload, question.opcode()) == (0, 1232, 0)
    assert [str(entry).lower() for entry in question.question] == ["www.example.com. in a"]


async def test_ids_letter_cases_and_ports_cannot_be_foreseen(dns_probe: DnsProbe) -> None:
    async with NameServer(says(f"{WWW} A 192.0.2.1")) as server:
        for _ in range(200):
            assert (await dns_probe.run(asked(server), TIMEOUT)).status is CheckStatus.UP

    assert len({question[:2] for question in server.questions}) > 190
    assert len({question[12:-15] for question in server.questions}) > 190
    assert 3 <= len(set(server.sources)) <= 4


async def test_no_answer_is_ever_kept(dns_probe: DnsProbe) -> None:
    answers = iter(["192.0.2.1", "192.0.2.2"])
    async with NameServer(lambda question: says(f"www.example.com. 9999 IN A {next(answers)}")(question)) as server:
        first, second = [await dns_probe.run(asked(server), TIMEOUT) for _ in range(2)]

    assert (first.facts.answers, second.facts.answers) == (["192.0.2.1"], ["192.0.2.2"])
    assert len(server.questions) == 2


@pytest.mark.parametrize(
    ("host", "record_type", "name"),
    [
        ("www.example.com", "A", "www.example.com."),
        ("WWW.example.com.", "A", "www.example.com."),
        ("intranet", "A", "intranet."),
        ("münchen.example", "A", "xn--mnchen-3ya.example."),
        ("_sip._tcp.example.com", "SRV", "_sip._tcp.example.com."),
        ("192.0.2.1", "PTR", "1.2.0.192.in-addr.arpa."),
        ("2001:db8::1", "PTR", "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2.ip6.arpa."),
    ],
)
async def test_a_name_is_asked_for_as_it_is(dns_probe: DnsProbe, host: str, record_type: str, name: str) -> None:
    async with NameServer(says(rcode="NXDOMAIN")) as server:
        await dns_probe.run(asked(server, record_type, host=host), TIMEOUT)

    assert [asked_for(question) for question in server.questions] == [name]


async def test_the_end_of_a_chain_is_what_counts_and_the_chain_is_shown(dns_probe: DnsProbe) -> None:
    script = says(
        "cdn.example.net. 5 IN A 192.0.2.9",
        f"{WWW} CNAME a.example.net.",
        "other.example.net. 60 IN A 192.0.2.66",
        "A.example.net. 60 IN CNAME CDN.example.net.",
    )

    found = await outcome(dns_probe, script, expected_values=["192.0.2.9"], match_mode=MatchMode.EXACT)

    assert found.status is CheckStatus.UP
    assert found.facts.answers == ["a.example.net.", "cdn.example.net.", "192.0.2.9"]
    assert found.detail["answers"] == ["192.0.2.9"]
    assert found.detail["chain"] == ["a.example.net.", "cdn.example.net."]
    assert found.detail["minTtlSeconds"] == 5


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (says(rcode="NXDOMAIN"), "ns1 says that www.example.com does not exist (NXDOMAIN)"),
        (
            says(f"{WWW} CNAME gone.example.net.", rcode="NXDOMAIN"),
            "ns1 says that gone.example.net does not exist (NXDOMAIN)",
        ),
        (says(rcode="SERVFAIL"), "ns1 could not look up www.example.com (SERVFAIL)"),
        (says(rcode="REFUSED"), "ns1 refuses to answer for www.example.com (REFUSED)"),
        (says(rcode="FORMERR"), "ns1 does not understand the question for www.example.com (FORMERR)"),
        (says(rcode="NOTZONE"), "ns1 answers with an error for www.example.com (RCODE 10)"),
        (says(), "ns1 says that www.example.com has no A record"),
        (says(f"{WWW} AAAA 2001:db8::1"), "ns1 says that www.example.com has no A record"),
        (says("mail.example.com. 60 IN A 192.0.2.1"), "ns1 says that www.example.com has no A record"),
        (says(flags="QR AA", authority=SOA), "ns1 says that www.example.com has no A record"),
        (says(f"{WWW} CNAME a.example.net."), "ns1 says that a.example.net has no A record"),
        (
            says(f"{WWW} CNAME a.b.", "a.b. 60 IN CNAME www.example.com."),
            "ns1 says that www.example.com has no A record",
        ),
        (
            says(authority="com. 60 IN NS a.gtld-servers.net.", flags="QR"),
            "ns1 is not responsible for www.example.com and does not ask others",
        ),
    ],
)
async def test_what_a_server_says_against_a_name_is_told_in_words(
    dns_probe: DnsProbe, script: Script, message: str
) -> None:
    found = await outcome(dns_probe, script)

    assert (found.status, found.reason, found.message) == (CheckStatus.DOWN, Reason.DNS_ERROR, message)
    assert found.detail["answers"] == []


ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.mark.parametrize(
    ("mode", "expected", "message"),
    [
        ("any", [TWO, THREE], None),
        ("any", [THREE], f"answered {ONE}, {TWO}; expected {THREE}"),
        ("any", [THREE, "192.0.2.4"], f"answered {ONE}, {TWO}; expected one of {THREE}, 192.0.2.4"),
        ("all", [ONE], None),
        ("all", [TWO, ONE], None),
        ("all", [ONE, THREE], f"{THREE} missing; answered {ONE}, {TWO}"),
        ("exact", [TWO, ONE], None),
        ("exact", [ONE], f"{TWO} not expected; answered {ONE}, {TWO}"),
        ("exact", [ONE, THREE], f"{THREE} missing, {TWO} not expected; answered {ONE}, {TWO}"),
        ("exact", [], None),
    ],
)
async def test_the_answers_are_held_against_what_is_expected(
    dns_probe: DnsProbe, mode: str, expected: list[str], message: str | None
) -> None:
    script = says(f"{WWW} A {TWO}", f"{WWW} A {ONE}")

    found = await outcome(dns_probe, script, expected_values=expected, match_mode=MatchMode(mode))

    assert found.message == message
    assert found.reason is (Reason.DNS_MISMATCH if message else Reason.OK)
    assert found.status is (CheckStatus.DOWN if message else CheckStatus.UP)


async def test_a_long_list_is_cut_where_people_read_it(dns_probe: DnsProbe) -> None:
    script = says(*(f'{WWW} TXT "{n:03d}{"x" * 200}"' for n in range(60)))

    found = await outcome(dns_probe, script, "TXT", expected_values=["nothing"])

    pattern = r'answered ("\d{3}x{96}…, ){4}"\d{3}x{96}… and 55 more; expected nothing'
    assert found.message and re.fullmatch(pattern, found.message)
    assert len(found.detail["answers"]) == 50


async def test_a_name_server_may_have_an_address_of_version_6(dns_probe: DnsProbe) -> None:
    async with NameServer(says(f"{WWW} A 192.0.2.1"), host="::1") as server:
        found = await dns_probe.run(asked(server), TIMEOUT)

    assert (found.status, found.detail["remoteAddress"]) == (CheckStatus.UP, f"[::1]:{server.port}")
