"""The codec against dnspython, which reads and writes the same messages; and against bytes that are none."""

import struct
from itertools import starmap

import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from is0k.probes.dns_message import BadMessage, Names, decode, message_of, question_of
from is0k.schema.dns_records import EXAMPLES, comparable
from is0k.schema.enums import RecordType
from is0k.schema.target_rules import is_ip

labels = st.text("abcXYZ019-_", min_size=1, max_size=20) | st.binary(min_size=1, max_size=63)
names = st.lists(labels, max_size=6).map(
    lambda found: dns.name.Name([label if isinstance(label, bytes) else label.encode() for label in found] + [b""])
)
hosts = st.lists(st.text("abcXYZ019-_", min_size=1, max_size=63), min_size=1, max_size=4).map(".".join)
u8, u16, u32 = st.integers(0, 2**8 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
strings = st.binary(max_size=255)


def counted(text: bytes) -> bytes:
    return bytes([len(text)]) + text


RDATA: dict[str, st.SearchStrategy[bytes]] = {
    "A": st.binary(min_size=4, max_size=4),
    "AAAA": st.binary(min_size=16, max_size=16)
    | st.binary(min_size=4, max_size=4).map(lambda v4: bytes(10) + b"\xff\xff" + v4),
    "CNAME": names.map(lambda name: name.to_wire() or b""),
    "NS": names.map(lambda name: name.to_wire() or b""),
    "PTR": names.map(lambda name: name.to_wire() or b""),
    "MX": st.tuples(u16, names).map(lambda found: struct.pack("!H", found[0]) + (found[1].to_wire() or b"")),
    "SRV": st.tuples(u16, u16, u16, names).map(
        lambda found: struct.pack("!3H", *found[:3]) + (found[3].to_wire() or b"")
    ),
    "SOA": st.tuples(names, names, st.tuples(u32, u32, u32, u32, u32)).map(
        lambda found: (found[0].to_wire() or b"") + (found[1].to_wire() or b"") + struct.pack("!5I", *found[2])
    ),
    "TXT": st.lists(strings, min_size=1, max_size=4).map(lambda found: b"".join(map(counted, found))),
    "CAA": st.tuples(u8, st.text("abcXYZ019", min_size=1, max_size=15), strings).map(
        lambda found: bytes([found[0]]) + counted(found[1].encode()) + found[2]
    ),
}
IN = dns.rdataclass.IN


@st.composite
def rdatas(draw: st.DrawFn) -> dns.rdata.Rdata:
    kind = draw(st.sampled_from(sorted(RDATA)))
    wire = draw(RDATA[kind])
    return dns.rdata.from_wire(IN, dns.rdatatype.from_text(kind), wire, 0, len(wire))


records = st.tuples(names, st.integers(0, 2**31 - 1), rdatas())


def message(found: list[tuple[dns.name.Name, int, dns.rdata.Rdata]], name: str = "www.example.com") -> bytes:
    """As dnspython writes it, with names compressed."""
    response = dns.message.make_response(dns.message.make_query(name, "A"))
    response.answer = list(starmap(dns.rrset.from_rdata, found))
    return response.to_wire(max_size=65_535)


def in_small_letters(rdata: dns.rdata.Rdata) -> str:
    """Only what stands in a name: the case of a text and of a tag is its own."""
    text = rdata.to_text()
    return text if rdata.rdtype in (dns.rdatatype.TXT, dns.rdatatype.CAA) else text.lower()


@given(st.lists(records, max_size=8))
def test_all_types_are_read_as_dnspython_reads_them(found: list[tuple[dns.name.Name, int, dns.rdata.Rdata]]) -> None:
    read = decode(message(found)).answers

    assert [(record.name, record.ttl_seconds, record.code, record.value) for record in read] == [
        (name.to_text().lower(), ttl, rdata.rdtype, in_small_letters(rdata)) for name, ttl, rdata in found
    ]


@given(hosts, st.sampled_from(RecordType))
def test_dnspython_reads_what_we_ask(host: str, record_type: RecordType) -> None:
    assume(not is_ip(host))  # of which PTR asks for another name
    id, spelt = question_of(host, record_type).shuffled()

    query = dns.message.from_wire(message_of(id, spelt))
    [asked] = query.question
    assert (query.id, query.flags, query.edns, query.payload) == (id, dns.flags.RD | dns.flags.AD, 0, 1232)
    assert asked.name.to_text().lower() == f"{host.lower()}."
    assert (asked.rdtype, asked.rdclass) == (dns.rdatatype.from_text(record_type.value), IN)


@given(hosts)
def test_only_the_case_of_letters_is_left_to_chance(host: str) -> None:
    question = question_of(host, RecordType.A)

    assert question.shuffled()[1].lower() == question.wire


def test_every_letter_is_small_and_capital_in_turn() -> None:
    question = question_of("abc.de", RecordType.A)

    assert {question.shuffled()[1] for _ in range(2_000)} == {
        bytes([3, a, b, c, 2, d, e]) + b"\0\0\1\0\1"
        for a in b"aA"
        for b in b"bB"
        for c in b"cC"
        for d in b"dD"
        for e in b"eE"
    }


@pytest.mark.parametrize("host", ["", ".", "a..b", ".a", "a" * 64, ".".join(["a" * 63] * 4)])
def test_what_cannot_be_a_name_is_not_asked_for(host: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        question_of(host, RecordType.A)


@given(st.binary(max_size=300))
def test_garbage_is_told_apart_by_one_error(data: bytes) -> None:
    is_read(data)


@given(st.binary(max_size=300), st.integers(0, 40))
def test_garbage_behind_a_good_header_is_too(data: bytes, count: int) -> None:
    is_read(struct.pack("!6H", 1, 0x8180, 1, count, 0, 0) + b"\3www\0\0\1\0\1" + data)


@given(st.lists(records, min_size=1, max_size=4), st.data())
def test_a_good_message_with_a_few_wrong_bytes_is_too(
    found: list[tuple[dns.name.Name, int, dns.rdata.Rdata]], data: st.DataObject
) -> None:
    spoilt = bytearray(message(found))
    for _ in range(data.draw(st.integers(1, 5))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(u8)
    is_read(bytes(spoilt))


def is_read(data: bytes) -> bool:
    """Whether it is a message; whatever else is raised fails the test."""
    try:
        decode(data)
    except BadMessage:
        return False
    return True


@given(st.lists(records, min_size=1, max_size=3), st.data())
def test_a_message_that_was_cut_is_never_read(
    found: list[tuple[dns.name.Name, int, dns.rdata.Rdata]], data: st.DataObject
) -> None:
    whole = message(found)
    cut = data.draw(st.integers(0, len(whole) - 1))

    assert not is_read(whole[:cut])


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (b"\xc0\x00", 0),
        (b"\xc0\x02\xc0\x00", 0),
        (b"\xc0\x02\xc0\x00", 2),
        (b"\1a\xc0\x00", 0),
        (b"\1a\1b\xc0\x02", 0),
        (b"\0\xc0\x03\xc0\x01", 3),
    ],
)
def test_a_name_that_leads_to_itself_or_forward_ends(data: bytes, at: int) -> None:
    with pytest.raises(BadMessage):
        Names(data).read(at)


def test_a_name_is_at_most_255_bytes_long_however_it_is_put_together() -> None:
    parts = b"\x3f" + b"a" * 63 + b"\0"
    parts += b"".join(b"\x3f" + b"b" * 63 + struct.pack("!H", 0xC000 | at) for at in (0, 65, 131))

    names = Names(parts)
    assert names.read(65) == (f"{'b' * 63}.{'a' * 63}.", 131)
    assert names.read(131)[1] == 197
    with pytest.raises(BadMessage, match="255"):
        names.read(197)


def test_of_a_truncated_message_only_the_header_is_read() -> None:
    read = decode(struct.pack("!6H", 1, 0x8380, 1, 9, 0, 0) + b"\3ww")

    assert (read.is_truncated, read.answers) == (True, [])


@given(rdatas())
def test_what_is_printed_is_also_what_may_be_expected(rdata: dns.rdata.Rdata) -> None:
    """In the words of dnspython, and so of dig, the value is the same as in ours."""
    [record] = decode(message([(dns.name.from_text("www.example.com"), 60, rdata)])).answers
    kind = RecordType(dns.rdatatype.to_text(rdata.rdtype))

    assert comparable(kind, rdata.to_text()) == comparable(kind, record.value)


@pytest.mark.parametrize("record_type", RecordType)
def test_the_example_of_each_type_is_read_back_to_the_letter(record_type: RecordType) -> None:
    rdata = dns.rdata.from_text(IN, dns.rdatatype.from_text(record_type.value), EXAMPLES[record_type])
    [record] = decode(message([(dns.name.root, 60, rdata)])).answers

    assert record.value == EXAMPLES[record_type]
