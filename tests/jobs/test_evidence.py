"""What is different between what was seen when all was well and when it was not, in a person's words."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.jobs.evidence import facts_of, what_changed
from is0k.probes.base import Outcome, Timings
from is0k.schema.enums import CheckStatus, Reason

CERTIFICATE = {
    "subject": "CN=shop.example",
    "issuer": "CN=R3,O=Let's Encrypt,C=US",
    "notBefore": "2026-09-01T00:00:00Z",
    "notAfter": "2026-11-30T00:00:00Z",
    "fingerprint": "aa",
}


def certificate(**fields: str) -> dict[str, Any]:
    return {"tls": CERTIFICATE | fields}


def timings(**phases: float) -> dict[str, Any]:
    return {"timings": phases}


class Case(NamedTuple):
    good: dict[str, Any]
    bad: dict[str, Any]
    says: str | None


A, B = "10.0.0.5", "10.0.0.9"
BOTH = {"addresses": [A, B]}
TIMEOUT = {"reason": "timeout"}
QUICK = timings(dnsMs=3, connectMs=10, tlsMs=20, firstByteMs=100, totalMs=133)

CASES = {
    "another address": Case(
        {"remoteAddress": f"{A}:443"}, {"remoteAddress": f"{B}:443"}, f"The address is now {B}, was {A}."
    ),
    "another address that does not answer": Case(
        {"remoteAddress": f"{A}:443", "addresses": [A]}, {"addresses": [B]}, f"The address is now {B}, was {A}."
    ),
    "another address of IPv6": Case(
        {"remoteAddress": "[2001:db8::5]:443"},
        {"remoteAddress": "[2001:db8::9]:443"},
        "The address is now 2001:db8::9, was 2001:db8::5.",
    ),
    "another address without ports": Case(
        {"remoteAddress": "2001:db8::5"}, {"remoteAddress": A}, f"The address is now {A}, was 2001:db8::5."
    ),
    "another name server": Case(
        {"remoteAddress": f"{A}:53", "resolver": "system"},
        {"remoteAddress": f"{B}:53", "resolver": "system"},
        f"The name server is now {B}, was {A}.",
    ),
    "another word of the name server": Case(
        {"rcode": "NOERROR", "answers": ["192.0.2.1"]},
        {"rcode": "NXDOMAIN", "answers": []},
        "The name server now says NXDOMAIN, before NOERROR. The answer is now nothing, was 192.0.2.1.",
    ),
    "one of five addresses before": Case(
        {"addresses": [f"10.0.0.{place}" for place in range(1, 6)]},
        {"addresses": ["10.0.1.1"]},
        "The address is now 10.0.1.1, was 10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more.",
    ),
    "an address is gone and nobody was there": Case({"addresses": [A, B]}, {"addresses": [A]}, None),
    "an address more, and the same one answers": Case(
        {"remoteAddress": f"{A}:443", "addresses": [A]}, {"remoteAddress": f"{A}:443", **BOTH}, None
    ),
    "the other of two": Case(
        {"remoteAddress": f"{A}:443", **BOTH},
        {"remoteAddress": f"{B}:443", **BOTH},
        f"This was {B}, one of 2 addresses; the last good was {A}.",
    ),
    "another subject": Case(
        certificate(),
        certificate(subject="CN=default.example", fingerprint="bb"),
        "The certificate is now for default.example, was for shop.example.",
    ),
    "another issuer": Case(
        certificate(),
        certificate(issuer="O=Firewall Inc", fingerprint="bb"),
        "The certificate is now from O=Firewall Inc, was from R3.",
    ),
    "another expiry": Case(
        certificate(),
        certificate(notAfter="2026-11-01T00:00:00Z", fingerprint="bb"),
        "The certificate is now valid until 2026-11-01, was valid until 2026-11-30.",
    ),
    "another certificate of the same words": Case(
        certificate(), certificate(fingerprint="bb"), "The certificate is another one, of the same issuer."
    ),
    "no certificate was seen": Case(certificate(), {}, None),
    "another status": Case({"statusCode": 200}, {"statusCode": 503}, "The status is now 503, was 200."),
    "no answer at all": Case({"statusCode": 200}, {"statusCode": None}, None),
    "a redirect": Case(
        {"statusCode": 200},
        {"statusCode": 200, "finalUrl": "https://shop.example/login?from=%2F"},
        "It now redirects to https://shop.example/login, before it did not.",
    ),
    "another redirect": Case(
        {"statusCode": 200, "finalUrl": "https://shop.example/en"},
        {"statusCode": 200, "finalUrl": "https://parked.example/"},
        "It now redirects to https://parked.example/, before to https://shop.example/en.",
    ),
    "no redirect": Case(
        {"statusCode": 200, "finalUrl": "https://shop.example/en"},
        {"statusCode": 200},
        "It no longer redirects, before it did to https://shop.example/en.",
    ),
    "a redirect nobody came to": Case({"statusCode": 200, "finalUrl": "https://shop.example/en"}, {}, None),
    "another query of the redirect": Case(
        {"statusCode": 200, "finalUrl": "https://a.example/?session=1"},
        {"statusCode": 200, "finalUrl": "https://a.example/?session=2"},
        None,
    ),
    "another server": Case(
        {"headers": {"server": "nginx", "date": "Mon"}},
        {"headers": {"server": "cloudflare", "date": "Tue"}},
        "The header server is now cloudflare, was nginx.",
    ),
    "a header less": Case(
        {"headers": {"server": "nginx", "date": "Mon"}},
        {"headers": {"date": "Tue"}},
        "The header server is gone, was nginx.",
    ),
    "a header more": Case(
        {"headers": {"server": "nginx"}},
        {"headers": {"server": "nginx", "retry-after": "120"}},
        "The header retry-after is now 120, was not there.",
    ),
    "a header that always changes": Case({"headers": {"date": "Mon"}}, {"headers": {"date": "Tue"}}, None),
    "another page": Case(
        {"bodyExcerpt": "<html><title>\n Shop </title>"},
        {"bodyExcerpt": "<TITLE lang=en>We are moving</TITLE>"},
        'The page is now "We are moving", was "Shop".',
    ),
    "a smaller body": Case(
        {"headers": {"content-length": "49152"}},
        {"headers": {"content-length": "512"}},
        "The body is now 512 bytes, was 48 KiB.",
    ),
    "a body of nearly that size": Case(
        {"headers": {"content-length": "1000"}}, {"headers": {"content-length": "1999"}}, None
    ),
    "other answers": Case(
        {"answers": ["192.0.2.1"]},
        {"answers": ["192.0.2.9", "192.0.2.8"]},
        "The answer is now 192.0.2.9, 192.0.2.8, was 192.0.2.1.",
    ),
    "no answers": Case({"answers": ["192.0.2.1"]}, {"answers": []}, "The answer is now nothing, was 192.0.2.1."),
    "answers in another order": Case({"answers": ["a", "b"]}, {"answers": ["b", "a"]}, None),
    "a slow first byte": Case(
        QUICK,
        timings(dnsMs=4, connectMs=10, tlsMs=20, firstByteMs=8200, totalMs=8240),
        "Waiting for the first byte took 8.2 s, before 100 ms.",
    ),
    "a slow name": Case(
        QUICK,
        timings(dnsMs=2100, connectMs=500, tlsMs=20, firstByteMs=100, totalMs=2720),
        "Looking up the name took 2.1 s, before 3 ms.",
    ),
    "a little slower": Case(QUICK, timings(dnsMs=200, connectMs=12, tlsMs=29, firstByteMs=299), None),
    "a connection that never was": Case(
        QUICK, timings(dnsMs=4, totalMs=10_004) | TIMEOUT, "Connecting did not end within 10.0 s, before 10 ms."
    ),
    "a first byte that never came": Case(
        QUICK,
        timings(dnsMs=4, connectMs=10, tlsMs=20, totalMs=10_034) | TIMEOUT,
        "Waiting for the first byte did not end within 10.0 s, before 100 ms.",
    ),
    "a connection refused": Case(QUICK, timings(dnsMs=4, totalMs=3000) | {"reason": "connection_refused"}, None),
    "time spent on redirects": Case(
        QUICK, timings(dnsMs=4, totalMs=10_004) | TIMEOUT | {"redirects": [{"status": 301, "url": "/"}]}, None
    ),
    "packets lost": Case(
        {"packetLossPercent": 0.0}, {"packetLossPercent": 75.0}, "75 % of the packets were lost, before 0 %."
    ),
    "fewer packets lost": Case({"packetLossPercent": 50.0}, {"packetLossPercent": 25.0}, None),
    "a slow echo": Case({"latencyMs": 20.0}, {"latencyMs": 900.0}, "An answer took 900 ms, before 20 ms."),
    "the two most telling": Case(
        {"remoteAddress": f"{A}:443", "statusCode": 200, "headers": {"server": "nginx"}, "answers": ["a"]},
        {"remoteAddress": f"{B}:443", "statusCode": 503, "headers": {"server": "apache"}, "answers": ["b"]},
        f"The address is now {B}, was {A}. The status is now 503, was 200.",
    ),
    "line ends and length": Case(
        {"headers": {"server": "a"}},
        {"headers": {"server": "b\r\n" + "c" * 200}},
        f"The header server is now b {'c' * 77}…, was a.",
    ),
    "nothing is known": Case({}, {}, None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_changed_is_said(case: Case) -> None:
    assert what_changed(case.good, case.bad) == case.says


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_nothing_changed_between_two_that_are_equal(case: Case) -> None:
    assert what_changed(case.good, case.good) is None
    assert what_changed(case.bad, case.bad) is None


TWO_WAYS = [
    st.sampled_from(["10.0.0.5:80", "10.0.0.9:80", "[::1]:80"]).map(lambda address: {"remoteAddress": address}),
    st.sampled_from([200, 301, 503]).map(lambda code: {"statusCode": code}),
    st.sampled_from(["aa", "bb", "cc"]).map(lambda mark: certificate(fingerprint=mark)),
    st.lists(st.sampled_from(["a", "b", "c"])).map(lambda answers: {"answers": answers}),
    st.sampled_from(["nginx", "apache"]).map(lambda name: {"headers": {"server": name}}),
    st.sampled_from(["Shop", "Gone"]).map(lambda title: {"bodyExcerpt": f"<title>{title}</title>"}),
    st.sampled_from(["/a", "/b", None]).map(lambda url: {"statusCode": 200, "finalUrl": url}),
]


@given(st.sampled_from(TWO_WAYS).flatmap(lambda kind: st.tuples(kind, kind)))
def test_what_changed_one_way_changed_the_other_way_too(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    good, bad = pair

    assert (what_changed(good, bad) is None) == (what_changed(bad, good) is None) == (facts(good) == facts(bad))


def facts(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, list) else value for name, value in seen.items()}


def test_the_facts_are_what_was_measured_and_what_was_seen() -> None:
    detail = {"remoteAddress": "192.0.2.1:443"}
    seen = Timings(1.0, 2.0, None, None, 30.5)

    assert facts_of(Outcome(CheckStatus.DOWN, Reason.TIMEOUT, "no answer", None, seen, None, detail)) == {
        "statusCode": None,
        "latencyMs": None,
        "reason": "timeout",
        "message": "no answer",
        "timings": {"dnsMs": 1.0, "connectMs": 2.0, "totalMs": 30.5},
        "remoteAddress": "192.0.2.1:443",
    }
    assert facts_of(Outcome(CheckStatus.UP, Reason.OK, latency_ms=12.5, status_code=200)) == {
        "statusCode": 200,
        "latencyMs": 12.5,
    }
