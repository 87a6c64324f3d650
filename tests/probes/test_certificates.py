"""What is read from a certificate, and when it is said to end soon."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from is0k.probes.certificates import (
    CERTIFICATES,
    MAX_NAMES,
    certificate_facts,
    days_left,
    expires_soon,
    expiry_words,
    weakness,
)
from is0k.tests.probes.issuing import DAY, NOW, Paper, issue, rsa_key, signed_with_sha1

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ROOT = issue("Root", key=rsa_key(2048))


def test_a_certificate_is_read_to_what_people_ask_for() -> None:
    paper = issue("shop", ROOT, "shop.test", "*.shop.test", key=rsa_key(2048))

    facts = certificate_facts(paper.der)
    assert (facts["subject"], facts["issuer"]) == ("CN=shop", "CN=Root")
    assert facts["subjectAltNames"] == ["shop.test", "*.shop.test"]
    assert (facts["keyType"], facts["keyBits"], facts["signatureHash"]) == ("RSA", 2048, "sha256")
    assert facts["notBefore"] == f"{NOW - DAY:%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.mark.parametrize(
    ("key", "kind", "bits", "hash"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "EC", 384, "sha256"),
        (rsa_key(1024), "RSA", 1024, "sha256"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", None, "sha256"),
    ],
)
def test_every_kind_of_key_is_named(key: object, kind: str, bits: int | None, hash: str) -> None:
    facts = certificate_facts(issue("x", ROOT, "x.test", key=key).der)

    assert (facts["keyType"], facts["keyBits"], facts["signatureHash"]) == (kind, bits, hash)


def test_of_many_names_the_first_are_kept() -> None:
    names = [f"{number}.test" for number in range(500)]

    assert certificate_facts(issue("x", ROOT, *names).der)["subjectAltNames"] == names[:MAX_NAMES]


def test_an_authority_is_for_no_host() -> None:
    assert certificate_facts(ROOT.der)["subjectAltNames"] == []


def test_a_certificate_is_read_once() -> None:
    CERTIFICATES.clear()
    first = certificate_facts(ROOT.der)

    assert certificate_facts(ROOT.der) is first
    assert len(CERTIFICATES) == 1


def living(days: float, left: timedelta) -> Paper:
    return issue("x", ROOT, "x.test", begins=left - days * DAY, ends=left)


@pytest.mark.parametrize(
    ("days", "left", "is_soon"),
    [
        (365, 14 * DAY, False),
        (365, 14 * DAY - MINUTE, True),
        (90, 14 * DAY - MINUTE, True),
        (90, 14 * DAY, False),
        (47, 47 * DAY / 6, False),
        (47, 47 * DAY / 6 - MINUTE, True),
        (6, DAY, False),
        (6, DAY - MINUTE, True),
        (90, -DAY, True),
    ],
)
def test_the_end_is_near_by_fourteen_days_or_a_sixth_of_the_lifetime(
    days: float, left: timedelta, is_soon: bool
) -> None:
    assert expires_soon(living(days, left).der, NOW) is is_soon


def test_of_what_cannot_be_read_nobody_knows_the_end() -> None:
    assert expires_soon(b"not a certificate", NOW) is False
    assert days_left(b"not a certificate", NOW) is None
    assert weakness([b"not a certificate"]) is None


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (6 * DAY + 5 * HOUR, "expires in 6 days"),
        (DAY, "expires in 1 day"),
        (DAY - MINUTE, "expires in 23 hours"),
        (HOUR, "expires in 1 hour"),
        (59 * MINUTE, "expires in 59 minutes"),
        (timedelta(seconds=59), "expires in less than a minute"),
        (-HOUR, "expired 1 hour ago"),
        (-3 * DAY, "expired 3 days ago"),
    ],
)
def test_the_end_is_told_in_words(left: timedelta, words: str) -> None:
    paper = living(90, left)

    assert expiry_words("x.test", paper.der, NOW) == f"certificate of x.test {words} ({paper.day_of_expiry})"
    assert days_left(paper.der, NOW) == left / DAY


def test_a_root_may_sign_itself_with_what_is_not_safe() -> None:
    old_root = signed_with_sha1(ROOT, ROOT)
    leaf = issue("x", ROOT, "x.test")

    assert certificate_facts(old_root.der)["signatureHash"] == "sha1"
    assert weakness([leaf.der, old_root.der]) is None
    assert weakness([signed_with_sha1(leaf, ROOT).der]) is not None
