import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.probes.icmp_packets import (
    HEADER,
    MESSAGE_BYTES,
    WORDS,
    Heard,
    Refusal,
    echo_request,
    quoted_request,
    read_message,
)
from is0k.tests.probes.echoes import Request

V4, V6 = socket.AF_INET, socket.AF_INET6
FAMILIES = pytest.mark.parametrize("family", [V4, V6], ids=["IPv4", "IPv6"])
TOKEN = bytes(range(16))
IPV4_HEADER = bytes([0x45]) + bytes(19)
IPV6_HEADER = bytes([0x60]) + bytes(39)


def reply(family: int) -> bytes:
    return Request(family, "", echo_request(family, 7, 1, TOKEN)).reply()


def error(family: int, type: int, code: int) -> bytes:
    """What a router sends about our request, the request quoted in it."""
    ip_header = IPV4_HEADER if family == V4 else IPV6_HEADER
    return bytes([type, code]) + bytes(6) + ip_header + echo_request(family, 7, 1, TOKEN)


@FAMILIES
def test_a_request_carries_identifier_sequence_and_token(family: int) -> None:
    request = echo_request(family, 0x1234, 0x5678, TOKEN)

    type, code, _, identifier, sequence = HEADER.unpack_from(request)
    assert (type, code, identifier, sequence) == (8 if family == V4 else 128, 0, 0x1234, 0x5678)
    assert len(request) == MESSAGE_BYTES == 64
    assert quoted_request(family, request) == TOKEN


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(min_size=16, max_size=16))
def test_the_words_of_an_ipv4_request_add_up_to_all_ones(identifier: int, sequence: int, token: bytes) -> None:
    total = sum(WORDS.unpack(echo_request(V4, identifier, sequence, token)))

    assert total % 0xFFFF == 0
    assert total > 0


def test_the_checksum_of_an_ipv6_request_is_left_to_the_system() -> None:
    assert echo_request(V6, 7, 1, TOKEN)[2:4] == b"\0\0"


def test_the_sequence_begins_anew_after_65535() -> None:
    assert Request(V4, "", echo_request(V4, 7, 65_536 + 3, TOKEN)).sequence == 3


@FAMILIES
def test_a_reply_is_known_by_its_token(family: int) -> None:
    assert read_message(family, reply(family)) == Heard(TOKEN)


def test_the_ip_header_of_a_raw_ipv4_socket_is_passed_over() -> None:
    with_options = bytes([0x46]) + bytes(23)

    assert read_message(V4, IPV4_HEADER + reply(V4)) == Heard(TOKEN)
    assert read_message(V4, with_options + reply(V4)) == Heard(TOKEN)
    assert read_message(V4, IPV4_HEADER + error(V4, 3, 1)) == Heard(TOKEN, Refusal.NO_ROUTE)


@FAMILIES
def test_a_reply_that_is_cut_short_or_too_long_or_changed_is_none(family: int) -> None:
    whole = reply(family)

    assert read_message(family, whole[:-1]) is None
    assert read_message(family, whole + b".") is None
    assert read_message(family, whole[:-1] + b"!") is None
    assert read_message(family, b"") is None


@FAMILIES
def test_a_request_is_no_reply(family: int) -> None:
    assert read_message(family, echo_request(family, 7, 1, TOKEN)) is None


@pytest.mark.parametrize(
    ("family", "type", "code", "refusal"),
    [
        (V4, 3, 0, Refusal.NO_ROUTE),
        (V4, 3, 1, Refusal.NO_ROUTE),
        (V4, 3, 10, Refusal.FORBIDDEN),
        (V4, 3, 13, Refusal.FORBIDDEN),
        (V4, 11, 0, Refusal.TOO_FAR),
        (V6, 1, 0, Refusal.NO_ROUTE),
        (V6, 1, 1, Refusal.FORBIDDEN),
        (V6, 1, 3, Refusal.NO_ROUTE),
        (V6, 3, 0, Refusal.TOO_FAR),
    ],
)
def test_a_router_says_why_a_request_does_not_arrive(family: int, type: int, code: int, refusal: Refusal) -> None:
    assert read_message(family, error(family, type, code)) == Heard(TOKEN, refusal)


def test_what_says_nothing_about_arriving_is_passed_over() -> None:
    assert read_message(V4, error(V4, 3, 4)) is None  # fragmentation needed
    assert read_message(V4, error(V4, 5, 1)) is None  # redirect
    assert read_message(V6, error(V6, 2, 0)) is None  # packet too big


@FAMILIES
def test_a_quote_too_short_for_the_token_is_about_nobody(family: int) -> None:
    type = 3 if family == V4 else 1
    header = 20 if family == V4 else 40

    assert read_message(family, error(family, type, 1)[: 8 + header + 8]) is None
    assert read_message(family, error(family, type, 1)[:8]) is None


@given(st.sampled_from([V4, V6]), st.binary(max_size=120))
def test_nothing_that_arrives_is_too_odd_to_read(family: Any, data: bytes) -> None:
    assert read_message(family, data) is None
