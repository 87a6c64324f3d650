"""What is trusted, and what a certificate says."""

import functools
import hashlib
import ssl
from datetime import datetime

from cryptography import x509

from is0k.schema.scalars import rfc3339

CERTIFICATES: dict[bytes, dict[str, str]] = {}
MAX_CERTIFICATES = 4096
NAME_LENGTH = 200


@functools.cache
def tls_context(verify: bool) -> ssl.SSLContext:
    """Made once: reading the system's certificates takes 35 ms."""
    context = ssl.create_default_context()
    # Python 3.13 switched this on; browsers do not ask for it, and many private authorities fail it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def certificate_facts(der: bytes) -> dict[str, str]:
    """`{subject, issuer, notBefore, notAfter, fingerprint}`, read once for each certificate; empty for one that cannot
    be read."""
    fingerprint = hashlib.sha256(der).digest()
    facts = CERTIFICATES.get(fingerprint)
    if facts is None:
        if len(CERTIFICATES) >= MAX_CERTIFICATES:
            CERTIFICATES.clear()
        facts = CERTIFICATES[fingerprint] = read_certificate(der)
    return facts


def read_certificate(der: bytes) -> dict[str, str]:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return {
            "subject": certificate.subject.rfc4514_string()[:NAME_LENGTH],
            "issuer": certificate.issuer.rfc4514_string()[:NAME_LENGTH],
            "notBefore": rfc3339(certificate.not_valid_before_utc),
            "notAfter": rfc3339(certificate.not_valid_after_utc),
            "fingerprint": hashlib.sha256(der).hexdigest(),
        }
    except (ValueError, x509.InvalidVersion):
        return {}


def days_left(der: bytes, now: datetime) -> float | None:
    """Until the certificate expires, negative when it has; None for one that cannot be read."""
    facts = certificate_facts(der)
    if not facts:
        return None
    return (datetime.fromisoformat(facts["notAfter"]) - now).total_seconds() / 86_400
