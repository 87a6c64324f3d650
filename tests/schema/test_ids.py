"""Ids against the vectors of the TypeID specification 0.3 (valid.yml and invalid.yml; the prefixes are ours)."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.schema.ids import Prefix, decode, encode, uuid7

VALID = {
    "00000000000000000000000000": "00000000-0000-0000-0000-000000000000",
    "00000000000000000000000001": "00000000-0000-0000-0000-000000000001",
    "0000000000000000000000000a": "00000000-0000-0000-0000-00000000000a",
    "0000000000000000000000000g": "00000000-0000-0000-0000-000000000010",
    "00000000000000000000000010": "00000000-0000-0000-0000-000000000020",
    "7zzzzzzzzzzzzzzzzzzzzzzzzz": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "0123456789abcdefghjkmnpqrs": "0110c853-1d09-52d8-d73e-1194e95b5f19",
    "01h455vb4pex5vsknk084sn02q": "01890a5d-ac96-774b-bcce-b302099a8057",
}
INVALID_SUFFIXES = [
    "1234567890123456789012345",  # short
    "123456789012345678901234567",  # long
    "1234567890123456789012345 ",
    "0123456789ABCDEFGHJKMNPQRS",
    "123456789-123456789-123456",
    "ooooooiiiiiiuuuuuuulllllll",  # not in the alphabet
    "i23456789ol23456789oi23456",  # Crockford would read i as 1
    "123456789-0123456789-0123456",
    "8zzzzzzzzzzzzzzzzzzzzzzzzz",  # 129 bits
    "",
]
INVALID_PREFIXES = ["MON", "12345", "mo.n", "mön", "  mon", "mon ", "", "_mon", "mon_", "inc", "m", "monitor"]

uuids = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))
prefixes = st.sampled_from(Prefix)


@pytest.mark.parametrize(("suffix", "uuid"), VALID.items())
def test_the_valid_vectors_are_read_and_written(suffix: str, uuid: str) -> None:
    assert decode(Prefix.MONITOR, f"mon_{suffix}") == UUID(uuid)
    assert encode(Prefix.MONITOR, UUID(uuid)) == f"mon_{suffix}"


@pytest.mark.parametrize("suffix", INVALID_SUFFIXES)
def test_the_invalid_vectors_are_no_ids(suffix: str) -> None:
    assert decode(Prefix.MONITOR, f"mon_{suffix}") is None


@pytest.mark.parametrize("prefix", INVALID_PREFIXES)
def test_an_id_with_another_prefix_is_not_an_id_of_the_noun(prefix: str) -> None:
    assert decode(Prefix.MONITOR, f"{prefix}_01h455vb4pex5vsknk084sn02q") is None


@pytest.mark.parametrize("text", ["", "_", "mon_", "01h455vb4pex5vsknk084sn02q", "mon-01h455vb4pex5vsknk084sn02q"])
def test_text_of_another_form_is_not_an_id(text: str) -> None:
    assert decode(Prefix.MONITOR, text) is None


def test_the_prefixes_are_those_of_the_contract() -> None:
    assert " ".join(prefix.value for prefix in Prefix) == "mon chn pag cmp inc upd key mnt dlv ntc org usr sub"


@given(prefixes, uuids)
def test_what_is_encoded_decodes_to_the_same(prefix: Prefix, uuid: UUID) -> None:
    assert decode(prefix, encode(prefix, uuid)) == uuid


@given(prefixes, st.text(max_size=40))
def test_any_text_is_an_id_in_its_one_form_or_none(prefix: Prefix, text: str) -> None:
    for candidate in (text, f"{prefix.value}_{text}"):
        uuid = decode(prefix, candidate)
        assert uuid is None or encode(prefix, uuid) == candidate


@given(uuids, uuids)
def test_ids_sort_as_their_uuids_do(one: UUID, other: UUID) -> None:
    assert (encode(Prefix.MONITOR, one) < encode(Prefix.MONITOR, other)) == (one < other)


def test_a_new_id_is_a_uuid_of_version_7_and_tells_the_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    new = uuid7()
    after = time.time_ns() // 1_000_000

    assert (new.version, new.variant) == (7, "specified in RFC 4122")
    assert before <= new.int >> 80 <= after


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = []
    for _ in range(1_000):
        made.append(uuid7())
        # 12 bits of a millisecond: two ids of the same quarter of a microsecond have no order.
        wait_until = time.time_ns() + 250
        while time.time_ns() < wait_until:
            pass

    assert made == sorted(made)


def test_ids_made_at_the_same_moment_differ() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000
