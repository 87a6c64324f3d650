"""What exactly is wrong, once somebody has looked at the certificates: names, dates, and which one of the chain."""

import ssl
from dataclasses import dataclass
from datetime import datetime

from is0k.probes.certificates import certificate_facts, expiry_words, moment_of, weakness
from is0k.probes.failures import EXPIRED, NO_ISSUER, NOT_YET_VALID, TOO_WEAK, UNTRUSTED_ROOT, WRONG_NAME, Failure
from is0k.schema.enums import Reason

OLD_PROTOCOLS = {"SSLv3": "SSL 3.0", "TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1"}
SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What a handshake showed, in DER: `chain` is as it was sent, the server's own certificate first; `trusted` are
    those of it that trust was built on. Servers send others too, for clients of other days."""

    chain: list[bytes]
    trusted: list[bytes]
    protocol: str
    cipher: str


def whose(place: int, der: bytes, name: str) -> str:
    """`place` in the chain: the first is the server's own."""
    return name if place == 0 else f"{certificate_facts(der).get('subject')}, sent along with it,"


def explain(failure: Failure, name: str, where: str, seen: Seen, now: datetime) -> Failure:
    """With a better message, if there is one. `seen` by a second handshake, one that agrees to anything."""
    error = failure.__cause__
    if isinstance(error, ssl.SSLCertVerificationError):
        words = certificate_words(error.verify_code, name, seen.chain, now)
    elif seen.protocol in OLD_PROTOCOLS:
        # Some such servers say so, others just hang up.
        words = f"{where} speaks nothing newer than {OLD_PROTOCOLS[seen.protocol]}, which is not safe any more"
    elif failure.reason is Reason.TLS_ERROR:
        words = weakness(seen.chain) or f"{failure.message}; it works only with less security ({seen.cipher})"
    else:
        words = None
    return Failure(Reason.TLS_ERROR, words) if words else failure


def certificate_words(code: int, name: str, chain: list[bytes], now: datetime) -> str | None:
    """`code` is OpenSSL's."""
    papers = [
        (whose(place, der, name), der, facts) for place, der in enumerate(chain) if (facts := certificate_facts(der))
    ]
    if not papers:
        return None
    own, last = papers[0][2], papers[-1][2]
    if code == EXPIRED:
        return next(
            (expiry_words(of, der, now) for of, der, facts in papers if moment_of(facts, "notAfter") < now), None
        )
    if code == NOT_YET_VALID:
        early = ((of, moment_of(facts, "notBefore")) for of, _, facts in papers if moment_of(facts, "notBefore") > now)
        return next((f"certificate of {of} is not valid before {moment:%Y-%m-%d}" for of, moment in early), None)
    if code in WRONG_NAME:
        return f"certificate is not valid for {name}{others(own['subjectAltNames'])}"
    if code == UNTRUSTED_ROOT:
        return f"certificate's chain ends in a root that is not trusted: {last['subject']}"
    if code in NO_ISSUER and len(papers) == 1:
        return f"certificate's issuer is not trusted, or was not sent along: {last['issuer']}"
    if code in NO_ISSUER:
        return f"certificate's chain of {len(papers)} ends at an issuer that is not trusted: {last['issuer']}"
    return weakness(chain) if code in TOO_WEAK else None


def others(names: list[str]) -> str:
    if not names:
        return ": it names no host"
    return f", only for {', '.join(names[:SHOWN_NAMES])}{' and others' if len(names) > SHOWN_NAMES else ''}"
