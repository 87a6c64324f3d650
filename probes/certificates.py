"""What is trusted, and what a certificate says."""

import functools
import hashlib
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from is0k.schema.scalars import rfc3339

CERTIFICATES: dict[bytes, dict[str, Any]] = {}
MAX_CERTIFICATES = 4096
NAME_LENGTH = 200
MAX_NAMES = 20
# Of what renews itself nobody hears: Let's Encrypt and others renew when a third of the time is left.
SOON = timedelta(days=14)
SOON_OF_LIFETIME = 1 / 6
# https://cabforum.org/working-groups/server/baseline-requirements §6.1.5 and §7.1.3.2.
MIN_RSA_BITS = 2048
WEAK_HASHES = ("md5", "sha1")


@functools.cache
def tls_context(verify: bool, protocols: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    """Made once: reading the system's certificates takes 35 ms.

    `protocols` are offered by ALPN. A server of another protocol refuses a client that offers only HTTP (RFC 7301).
    """
    context = ssl.create_default_context()
    # Python 3.13 switched this on; browsers do not ask for it, and many private authorities fail it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def certificate_facts(der: bytes) -> dict[str, Any]:
    """`{subject, issuer, notBefore, notAfter, fingerprint, subjectAltNames, keyType, keyBits, signatureHash}`, read
    once for each certificate; empty for one that cannot be read."""
    fingerprint = hashlib.sha256(der).digest()
    facts = CERTIFICATES.get(fingerprint)
    if facts is None:
        if len(CERTIFICATES) >= MAX_CERTIFICATES:
            CERTIFICATES.clear()
        facts = CERTIFICATES[fingerprint] = read_certificate(der)
    return facts


def read_certificate(der: bytes) -> dict[str, Any]:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return {
            "subject": certificate.subject.rfc4514_string()[:NAME_LENGTH],
            "issuer": certificate.issuer.rfc4514_string()[:NAME_LENGTH],
            "notBefore": rfc3339(certificate.not_valid_before_utc),
            "notAfter": rfc3339(certificate.not_valid_after_utc),
            "fingerprint": hashlib.sha256(der).hexdigest(),
            "subjectAltNames": names_of(certificate),
            **key_of(certificate),
            "signatureHash": hash_of(certificate),
        }
    except (ValueError, x509.InvalidVersion):
        return {}


def names_of(certificate: x509.Certificate) -> list[str]:
    """The first of the names and addresses it is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return []
    hosts = [name for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]
    return [str(name.value)[:NAME_LENGTH] for name in hosts[:MAX_NAMES]]


def key_of(certificate: x509.Certificate) -> dict[str, Any]:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return {"keyType": None, "keyBits": None}
    match key:
        case rsa.RSAPublicKey():
            return {"keyType": "RSA", "keyBits": key.key_size}
        case ec.EllipticCurvePublicKey():
            return {"keyType": "EC", "keyBits": key.key_size}
        case dsa.DSAPublicKey():
            return {"keyType": "DSA", "keyBits": key.key_size}
    return {"keyType": type(key).__name__.removesuffix("PublicKey"), "keyBits": None}


def hash_of(certificate: x509.Certificate) -> str | None:
    """None where the signature has none of its own, as with Ed25519, or one nobody knows."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    return algorithm.name if algorithm else None


def chains_of(connection: Any) -> tuple[list[bytes], list[bytes]]:
    """The certificates the server sent, and those of them that trust was built on; its own first in both.

    `connection` is an ssl.SSLObject after its handshake.
    """
    # Python before 3.13 has the two methods one floor below.
    found = connection if hasattr(connection, "get_unverified_chain") else connection._sslobj
    sent = [der_of(each) for each in found.get_unverified_chain() or ()]
    verified = {der_of(each) for each in found.get_verified_chain() or ()}
    return sent, [der for der in sent if der in verified]


def der_of(certificate: Any) -> bytes:
    return certificate if isinstance(certificate, bytes) else ssl.PEM_cert_to_DER_cert(certificate.public_bytes())


def days_left(der: bytes, now: datetime) -> float | None:
    """Until the certificate expires, negative when it has; None for one that cannot be read."""
    facts = certificate_facts(der)
    return (moment_of(facts, "notAfter") - now) / timedelta(days=1) if facts else None


def expires_soon(der: bytes, now: datetime) -> bool:
    """Less than 14 days are left and less than a sixth of its lifetime: those of 6 days are renewed every day or so."""
    facts = certificate_facts(der)
    if not facts:
        return False
    expiry = moment_of(facts, "notAfter")
    return expiry - now < min(SOON, (expiry - moment_of(facts, "notBefore")) * SOON_OF_LIFETIME)


def expiry_words(subject: str, der: bytes, now: datetime) -> str:
    """ "certificate of example.com expires in 6 days (2026-12-01)". The certificate must be readable."""
    expiry = moment_of(certificate_facts(der), "notAfter")
    day = f"{expiry:%Y-%m-%d}"
    if expiry < now:
        return f"certificate of {subject} expired {span(now - expiry)} ago ({day})"
    return f"certificate of {subject} expires in {span(expiry - now)} ({day})"


def moment_of(facts: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(facts[name])


def span(time: timedelta) -> str:
    """Whole days, or hours, or minutes."""
    for count, unit in ((time.days, "day"), (time.seconds // 3600, "hour"), (time.seconds // 60, "minute")):
        if count:
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"


def weakness(chain: Sequence[bytes]) -> str | None:
    """What of the certificates is not safe any more, if anything."""
    for der in chain:
        facts = certificate_facts(der)
        if facts.get("keyType") == "RSA" and facts["keyBits"] < MIN_RSA_BITS:
            return f"the RSA key of {facts['subject']} has only {facts['keyBits']} bits, too few to be safe"
        # A root's signature of itself proves nothing, and nobody looks at it.
        if facts.get("signatureHash") in WEAK_HASHES and facts["subject"] != facts["issuer"]:
            kind = {"sha1": "SHA-1", "md5": "MD5"}[facts["signatureHash"]]
            return f"the certificate of {facts['subject']} is signed with {kind}, which is not safe any more"
    return None
