"""What a `dns` monitor's settings may say: name servers, values of each type, and what does not go together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from is0k.schema import CreateMonitorInput
from is0k.schema.coercion import Flat, flattened, read
from is0k.schema.dns_records import EXAMPLES, comparable
from is0k.schema.dns_settings import DnsSettings, DnsSettingsPatch
from is0k.schema.enums import MonitorType, RecordType
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.rules import faults_of
from is0k.schema.target_rules import NameServer, name_server
from is0k.schema.typed_settings import as_patch, patch

RULE = NameServer()
DOCUMENTED = Draft202012Validator({"type": "string", **RULE.json_schema()})
REFUSED = "Must be an IP address such as 9.9.9.9, or with a port: 9.9.9.9:53, [2620:fe::fe]:53"


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("9.9.9.9", ("9.9.9.9", 53)),
        ("9.9.9.9:5353", ("9.9.9.9", 5353)),
        ("2620:fe::fe", ("2620:fe::fe", 53)),
        ("[2620:FE::fe]", ("2620:fe::fe", 53)),
        ("[2620:fe::fe]:65535", ("2620:fe::fe", 65535)),
        ("::1", ("::1", 53)),
        ("::", ("::", 53)),
        ("64:ff9b::192.0.2.1", ("64:ff9b::c000:201", 53)),
    ],
)
def test_a_name_server_is_an_address_with_or_without_a_port(text: str, server: tuple[str, int]) -> None:
    assert list(RULE(text)) == []
    assert name_server(text) == server


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "dns.google",
            "9.9.9",
            "9.9.9.9:",
            "9.9.9.9:0",
            "9.9.9.9:65536",
            "9.9.9.9:53:53",
            "09.9.9.9",
            "256.1.1.1",
        ),
        *("[9.9.9.9]", "[9.9.9.9]:53", "2620:fe::fe:", "[2620:fe::fe", "2620:fe::fe]:53", "1:2:3:4:5:6:7", "1::2::3"),
        *("fe80::1%eth0", "[fe80::1%eth0]:53", "9.9.9.9 ", "9.9.9.9\n", "udp://9.9.9.9", "９.9.9.9", "9.9.9.9:５3"),
    ],
)
def test_anything_else_is_no_name_server(text: str) -> None:
    assert list(RULE(text)) == [Fault((), "BAD_NAME_SERVER", REFUSED)]
    # Python's `$` is also before a last line break.
    assert text.endswith("\n") or not DOCUMENTED.is_valid(text)


@given(st.from_regex(RULE.json_schema()["pattern"].removesuffix("$") + r"\Z"))
def test_what_the_document_allows_as_a_name_server_the_rule_allows(text: str) -> None:
    assert list(RULE(text)) == []


# Python writes ::ffff:0:0/96 in two ways, by its version; the document knows one.
addresses = st.ip_addresses().filter(lambda ip: ip.version == 4 or not ip.ipv4_mapped)


@given(addresses, st.integers(1, 65_535) | st.none())
def test_every_address_is_documented_as_a_name_server(ip: Any, port: int | None) -> None:
    bare = f"[{ip}]" if ip.version == 6 and port else str(ip)
    text = f"{bare}:{port}" if port else bare

    assert DOCUMENTED.is_valid(text)
    assert name_server(text) == (str(ip), port or 53)


def found(record_type: str, host: str = "www.example.com", *values: str) -> list[tuple[str, str, str]]:
    settings = DnsSettings(host=host, record_type=RecordType(record_type), expected_values=list(values))
    return [(" ".join(fault.field), fault.code, fault.message) for fault in faults_of(settings)]


@pytest.mark.parametrize("record_type", RecordType)
def test_the_example_of_each_type_may_be_expected(record_type: RecordType) -> None:
    host = "192.0.2.1" if record_type is RecordType.PTR else "www.example.com"

    assert found(record_type.value, host, EXAMPLES[record_type]) == []


@pytest.mark.parametrize(
    ("record_type", "value"),
    [
        *(("A", value) for value in ("abc", "2001:db8::1", "192.0.2", "192.0.2.1:53", "192.0.2.1 192.0.2.2")),
        *(("AAAA", value) for value in ("192.0.2.1", "2001:db8::1::", "[2001:db8::1]", "fe80::1%eth0")),
        *(("CNAME", value) for value in ("192.0.2.1", "a..b", ".a", "a b", "10 a.b.")),
        *(
            ("MX", value)
            for value in ("mail.example.com.", "x mail.example.com.", "65536 a.b.", "10 a. b.", "10 192.0.2.1")
        ),
        *(("SRV", value) for value in ("5 5060 sip.example.com.", "1 2 3", "1 2 3 4 a.", "-1 2 3 a.")),
        *(("CAA", value) for value in ("issue letsencrypt.org", "256 issue a", "0 is-sue a", "0")),
        *(("SOA", value) for value in ("ns1.a. b.a.", "ns1.a. b.a. 1 2 3 4 x", "ns1.a. b.a. 1 2 3 4 4294967296")),
    ],
)
def test_what_cannot_be_of_the_type_is_told_at_its_place(record_type: str, value: str) -> None:
    example = EXAMPLES[RecordType(record_type)]

    assert found(record_type, "www.example.com", example, value) == [
        (
            "expectedValues 1",
            "BAD_RECORD",
            f"Cannot be the value of a record of type {record_type}, which looks like {example}",
        )
    ]


@pytest.mark.parametrize(
    ("record_type", "written", "answered"),
    [
        ("A", " 192.0.2.1 ", "192.0.2.1"),
        ("AAAA", "2001:0DB8:0:0::1", "2001:db8::1"),
        ("AAAA", "::ffff:c000:201", "::ffff:192.0.2.1"),
        ("CNAME", "Shop.Example.NET", "shop.example.net."),
        ("CNAME", "münchen.example", "xn--mnchen-3ya.example."),
        ("NS", "ns1.example.com.", "ns1.example.com."),
        ("MX", "010  Mail.example.com", "10 mail.example.com."),
        ("MX", "0 .", "0 ."),
        ("SRV", "10 5 5060 SIP.example.com", "10 5 5060 sip.example.com."),
        ("CAA", "0 Issue letsencrypt.org", '0 issue "letsencrypt.org"'),
        ("TXT", "v=spf1 -all", '"v=spf1 -all"'),
        ("TXT", '"v=DKIM1; p=abcdef"', '"v=DKIM1; p=abc" "def"'),
        ("TXT", "grün", '"gr\\195\\188n"'),
        ("TXT", '"say \\"hi\\""', 'say "hi"'),
        ("TXT", "back\\slash", '"back\\\\slash"'),
        ("SOA", "NS1.a b.a 1 2 3 4 5", "ns1.a. b.a. 1 2 3 4 5"),
    ],
)
def test_the_same_value_may_be_written_in_several_ways(record_type: str, written: str, answered: str) -> None:
    assert comparable(RecordType(record_type), written) == comparable(RecordType(record_type), answered)


@pytest.mark.parametrize(
    ("record_type", "one", "other"),
    [
        ("TXT", '"Case"', '"case"'),
        ("TXT", '"a b"', '"ab"'),
        ("MX", "10 a.b.", "20 a.b."),
        ("CAA", '0 issue "a"', '128 issue "a"'),
        ("CNAME", "a\\.b.", "a.b."),
    ],
)
def test_what_differs_is_not_the_same(record_type: str, one: str, other: str) -> None:
    assert comparable(RecordType(record_type), one) != comparable(RecordType(record_type), other)


@pytest.mark.parametrize(
    ("record_type", "host"),
    [
        *(("A", "www"), ("SRV", "_sip._tcp.example.com"), ("PTR", "192.0.2.1"), ("PTR", "2001:db8::1")),
        *(("PTR", "1.2.0.192.in-addr.arpa."), ("PTR", "1.8.b.d.0.1.0.0.2.IP6.arpa"), ("PTR", "_http._tcp.example.com")),
    ],
)
def test_a_host_that_goes_with_the_type(record_type: str, host: str) -> None:
    assert found(record_type, host) == []


def test_a_host_that_does_not_go_with_the_type() -> None:
    assert found("PTR", "www.example.com") == [
        ("host", "NOT_ALLOWED", "For PTR, must be an IP address such as 192.0.2.1")
    ]
    assert found("MX", "192.0.2.1") == [
        ("host", "NOT_ALLOWED", "Must be a name: an IP address has no MX record (PTR finds its name)")
    ]


def test_a_patch_is_judged_by_what_it_says_and_then_by_what_it_makes() -> None:
    stored = DnsSettings(host="www.example.com", expected_values=["192.0.2.1"])
    to_mx = as_patch(DnsSettings)(record_type=RecordType.MX)  # type: ignore[call-arg]

    assert list(faults_of(to_mx)) == []
    assert list(faults_of(DnsSettingsPatch(expected_values=["10 a.b."]))) == []  # type: ignore[call-arg]
    with pytest.raises(ValidationFailed) as refused:
        patch(stored, to_mx, ("settings", "dns"))
    assert [fault.field for fault in refused.value.faults] == [["settings", "dns", "expectedValues", "0"]]


def test_whoever_writes_rest_reads_the_place_flat() -> None:
    body = {
        "name": "Mail",
        "type": "dns",
        "host": "example.com",
        "recordType": "MX",
        "expectedValues": ["10 a.b.", "b"],
    }

    with pytest.raises(ValidationFailed) as refused:
        read(CreateMonitorInput, body | {"resolver": "dns.google"}, Flat(MonitorType))
    faults = flattened(refused.value).faults
    assert [(fault.field, fault.code) for fault in faults] == [
        (["resolver"], "BAD_NAME_SERVER"),
        (["expectedValues", "1"], "BAD_RECORD"),
    ]
