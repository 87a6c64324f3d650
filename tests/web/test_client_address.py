from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.web.client_address import bucket_of, client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(peer: str | None, *forwarded: str) -> Any:
    headers = [(b"x-forwarded-for", value.encode("latin-1", "replace")) for value in forwarded]
    return {"client": (peer, 4711) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),  # a stranger's word
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),  # what the client wrote stands left
        ("10.0.0.1", ["1.1.1.1", "198.51.100.7 , 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7,"], "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(peer: str, forwarded: list[str], client: str) -> None:
    assert client_address(scope(peer, *forwarded), PROXIES) == ip_address(client)


@pytest.mark.parametrize("peer", [None, "", "testclient"])
def test_over_a_unix_socket_there_is_none(peer: str | None) -> None:
    assert client_address(scope(peer, "198.51.100.7"), PROXIES) is None
    assert bucket_of(None) == "None"


def test_no_proxy_is_trusted_unless_it_is_named() -> None:
    assert client_address(scope("10.0.0.1", "198.51.100.7"), ()) == ip_address("10.0.0.1")


@given(st.lists(st.one_of(st.text(max_size=30), st.ip_addresses().map(str)), max_size=4))
def test_whatever_is_written_there_it_is_an_address(values: list[str]) -> None:
    assert client_address(scope("10.0.0.1", *values), PROXIES) is not None


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2:ffff::", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:3::", "2001:0db8:0001:0003::/64"),
    ],
)
def test_a_household_of_ipv6_is_one_caller(address: str, bucket: str) -> None:
    assert bucket_of(ip_address(address)) == bucket
