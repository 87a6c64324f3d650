"""What a `tls` monitor says of every kind of certificate. Whether one is revoked is not checked."""

import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from is0k.probes.base import Outcome
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.tcp_settings import TcpSettings
from is0k.schema.tls_settings import TlsSettings
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.issuing import DAY, NOW, Paper, issue, rsa_key, serving, signed_with_sha1, trusting
from is0k.tests.probes.site import Site, page, settings

pytestmark = pytest.mark.anyio

ROOT = issue("Root")
WEAK_ROOT = issue("Weak Root", key=rsa_key(2048))
STRANGER = issue("Stranger")
MIDDLE = issue("Middle", ROOT)
INNER = issue("Inner", STRANGER)
OLD_MIDDLE = issue("Old Middle", ROOT, begins=-9 * DAY, ends=-2 * DAY)
WEAK_MIDDLE = issue("Weak Middle", WEAK_ROOT, key=rsa_key(1024))
TRUST = trusting(ROOT, WEAK_ROOT)


@pytest.fixture
async def tls(names: Names) -> AsyncIterator[TlsProbe]:
    probe = TlsProbe(Guard(LOOPBACK), names, verifying=TRUST)
    yield probe
    await probe.close()


async def look(probe: TlsProbe, context: ssl.SSLContext, host: str = "good.test", **other: Any) -> Outcome:
    async with Site(tls=context) as site:
        return await probe.run(TlsSettings(host=host, port=site.port, **other), 5)


class Case(NamedTuple):
    own: Paper
    message: str
    # What probes say that do not look a second time.
    short: str
    chain: tuple[Paper, ...] = ()


EXPIRED = issue("x", ROOT, "good.test", begins=-9 * DAY, ends=-3 * DAY - timedelta(hours=1))
EARLY = issue("x", ROOT, "good.test", begins=2 * DAY)
ISSUER = "certificate's issuer is not trusted, or an intermediate certificate is missing"
CASES = {
    "expired": Case(
        EXPIRED,
        f"certificate of good.test expired 3 days ago ({EXPIRED.day_of_expiry})",
        "certificate has expired",
    ),
    "expired intermediate": Case(
        issue("x", OLD_MIDDLE, "good.test"),
        f"certificate of CN=Old Middle, sent along with it, expired 2 days ago ({OLD_MIDDLE.day_of_expiry})",
        "certificate has expired",
        (OLD_MIDDLE,),
    ),
    "not yet valid": Case(
        EARLY,
        f"certificate of good.test is not valid before {NOW + 2 * DAY:%Y-%m-%d}",
        "certificate is not valid yet",
    ),
    "wrong host": Case(
        issue("x", ROOT, "a.test", "b.test", "c.test", "d.test", "e.test"),
        "certificate is not valid for good.test, only for a.test, b.test, c.test and others",
        "certificate is not valid for good.test",
    ),
    "self-signed": Case(
        issue("Me", None, "good.test"),
        "certificate is self-signed",
        "certificate is self-signed",
    ),
    "untrusted root": Case(
        issue("x", STRANGER, "good.test"),
        "certificate's chain ends in a root that is not trusted: CN=Stranger",
        "certificate's chain ends in a root that is not trusted",
        (STRANGER,),
    ),
    "unknown issuer": Case(
        issue("x", STRANGER, "good.test"),
        "certificate's issuer is not trusted, or was not sent along: CN=Stranger",
        ISSUER,
    ),
    "missing intermediate": Case(
        issue("x", MIDDLE, "good.test"),
        "certificate's issuer is not trusted, or was not sent along: CN=Middle",
        ISSUER,
    ),
    "chain that ends too early": Case(
        issue("x", INNER, "good.test"),
        "certificate's chain of 2 ends at an issuer that is not trusted: CN=Stranger",
        ISSUER,
        (INNER,),
    ),
    "RSA 1024": Case(
        issue("small", WEAK_ROOT, "good.test", key=rsa_key(1024)),
        "the RSA key of CN=small has only 1024 bits, too few to be safe",
        "certificate's key is too short to be safe",
    ),
    "RSA 1024 of an authority": Case(
        issue("x", WEAK_MIDDLE, "good.test"),
        "the RSA key of CN=Weak Middle has only 1024 bits, too few to be safe",
        "the key of an authority in the certificate's chain is too short to be safe",
        (WEAK_MIDDLE,),
    ),
    "SHA-1": Case(
        signed_with_sha1(issue("x", WEAK_ROOT, "good.test"), WEAK_ROOT),
        "the certificate of CN=x is signed with SHA-1, which is not safe any more",
        "certificate is signed in a way that is not safe any more, such as SHA-1",
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_bad_certificate_is_down_and_said_exactly(tls: TlsProbe, name: str) -> None:
    own, message, _, chain = CASES[name]
    outcome = await look(tls, serving(own, *chain))

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.DOWN, Reason.TLS_ERROR, message)
    assert outcome.latency_ms is None
    facts = outcome.detail["tls"]
    assert facts["subject"] == own.certificate.subject.rfc4514_string()
    assert facts["issuer"] == own.certificate.issuer.rfc4514_string()
    assert [each["subject"] for each in facts["chain"]] == [
        paper.certificate.subject.rfc4514_string() for paper in chain
    ]
    left = (own.certificate.not_valid_after_utc - NOW) / DAY
    assert outcome.facts.certificate_days == pytest.approx(left, abs=0.01)


@pytest.mark.parametrize("name", CASES)
async def test_a_tcp_monitor_says_it_shorter(names: Names, name: str) -> None:
    own, _, short, chain = CASES[name]
    probe = TcpProbe(Guard(LOOPBACK), names, verifying=TRUST)
    async with Site(tls=serving(own, *chain)) as site:
        outcome = await probe.run(TcpSettings(host="good.test", port=site.port, tls=True), 5)
    await probe.close()

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.DOWN, Reason.TLS_ERROR, short)
    assert site.accepted == 0


@pytest.mark.parametrize("name", ["expired intermediate", "RSA 1024", "RSA 1024 of an authority", "SHA-1"])
async def test_an_http_monitor_says_it_shorter(names: Names, name: str) -> None:
    own, _, short, chain = CASES[name]
    probe = HttpProbe(Guard(LOOPBACK), names, verifying=TRUST)
    async with Site({"/": page()}, tls=serving(own, *chain)) as site:
        outcome = await probe.run(settings(site.url("/", "good.test")), 5)
    await probe.close()

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.DOWN, Reason.TLS_ERROR, short)
    assert site.requests == []


@pytest.mark.parametrize("name", ["RSA 1024", "RSA 1024 of an authority", "SHA-1"])
async def test_what_openssl_lets_pass_is_still_too_weak(names: Names, name: str) -> None:
    own, message, _, chain = CASES[name]
    lenient = trusting(ROOT, WEAK_ROOT)
    lenient.set_ciphers("ALL:@SECLEVEL=0")
    probe = TlsProbe(Guard(LOOPBACK), names, verifying=lenient)
    outcome = await look(probe, serving(own, *chain))
    await probe.close()

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.DOWN, Reason.TLS_ERROR, message)


async def test_a_good_certificate_is_up_and_its_facts_are_kept(tls: TlsProbe) -> None:
    own = issue("x", MIDDLE, "good.test", "www.good.test")
    outcome = await look(tls, serving(own, MIDDLE))

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.UP, Reason.OK, None)
    assert outcome.latency_ms is not None
    assert (outcome.timings.tls_ms or 0) < outcome.latency_ms
    facts = outcome.detail["tls"]
    assert facts["subjectAltNames"] == ["good.test", "www.good.test"]
    assert (facts["keyType"], facts["keyBits"], facts["signatureHash"]) == ("EC", 256, "sha256")
    assert (facts["protocol"], facts["cipher"][:4]) == ("TLSv1.3", "TLS_")
    assert facts["chain"] == [
        {"subject": "CN=Middle", "issuer": "CN=Root", "notAfter": f"{NOW + 90 * DAY:%Y-%m-%dT%H:%M:%S}.000Z"}
    ]
    assert outcome.detail["addresses"] == ["127.0.0.1"]
    assert outcome.facts.address == "127.0.0.1"
    assert outcome.facts.certificate_days == pytest.approx(90, abs=0.01)


async def expiry(tls: TlsProbe, ends: timedelta, **other: Any) -> tuple[CheckStatus, Reason, str | None]:
    outcome = await look(tls, serving(issue("x", ROOT, "good.test", ends=ends)), **other)
    return outcome.status, outcome.reason, outcome.message


HOUR = timedelta(hours=1)


async def test_a_certificate_near_its_end_is_degraded(tls: TlsProbe) -> None:
    day = f"({NOW + 6 * DAY + HOUR:%Y-%m-%d})"
    message = f"certificate of good.test expires in 6 days {day}"

    assert await expiry(tls, 6 * DAY + HOUR) == (CheckStatus.DEGRADED, Reason.TLS_EXPIRING, message)


async def test_the_largest_of_the_warning_days_counts(tls: TlsProbe) -> None:
    assert (await expiry(tls, 31 * DAY))[0] is CheckStatus.UP
    assert (await expiry(tls, 30 * DAY))[0] is CheckStatus.DEGRADED
    assert (await expiry(tls, 30 * DAY, warn_days=[1, 7]))[0] is CheckStatus.UP
    assert (await expiry(tls, 7 * DAY, warn_days=[1, 7]))[0] is CheckStatus.DEGRADED


async def test_without_warning_days_nobody_is_warned(tls: TlsProbe) -> None:
    assert await expiry(tls, HOUR, warn_days=[]) == (CheckStatus.UP, Reason.OK, None)


async def test_the_last_hours_are_counted_in_hours(tls: TlsProbe) -> None:
    _, _, message = await expiry(tls, 5 * HOUR + timedelta(minutes=30))

    assert (message or "").startswith("certificate of good.test expires in 5 hours (")


async def test_an_intermediate_near_its_end_is_degraded_too(tls: TlsProbe) -> None:
    middle = issue("Brief Middle", ROOT, ends=2 * DAY + HOUR)
    outcome = await look(tls, serving(issue("x", middle, "good.test"), middle))

    assert (outcome.status, outcome.reason) == (CheckStatus.DEGRADED, Reason.TLS_EXPIRING)
    assert outcome.message == (
        f"certificate of CN=Brief Middle, sent along with it, expires in 2 days ({middle.day_of_expiry})"
    )
    assert outcome.facts.certificate_days == pytest.approx(90, abs=0.01)


async def test_a_certificate_that_is_sent_and_not_needed_may_be_over(tls: TlsProbe) -> None:
    """As the cross-signed root of Let's Encrypt was for years, for the sake of old telephones."""
    ancient = issue("Ancient Root")
    cross_signed = issue("Root", ancient, key=ROOT.key, begins=-9 * DAY, ends=-2 * DAY)
    outcome = await look(tls, serving(issue("x", ROOT, "good.test"), cross_signed))

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.UP, Reason.OK, None)
    assert [each["issuer"] for each in outcome.detail["tls"]["chain"]] == ["CN=Ancient Root"]


async def test_a_certificate_that_names_no_host(tls: TlsProbe) -> None:
    outcome = await look(tls, serving(MIDDLE))

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TLS_ERROR)
    assert outcome.message == "certificate is not valid for good.test: it names no host"
