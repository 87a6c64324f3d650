"""What went wrong on the way to an answer, in a word for programs and a sentence for people."""

import errno
import os
import socket
import ssl

import aiohttp
from aiohttp.http_exceptions import LineTooLong

from is0k.schema.enums import CheckStatus, Reason

# Faults of the machine is0k runs on: they say nothing about the target.
OURS = {
    errno.EMFILE: "this machine is out of file handles",
    errno.ENFILE: "this machine is out of file handles",
    errno.ENOMEM: "this machine is out of memory",
    errno.ENOBUFS: "this machine is out of memory for connections",
    errno.EADDRNOTAVAIL: "this machine has no free port or address to connect from",
    errno.EACCES: "this machine may not connect there: its own firewall or policy forbids it",
    errno.EPERM: "this machine may not connect there: its own firewall or policy forbids it",
}
RESETS = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE)

# X509_V_ERR_… of OpenSSL's x509_vfy.h.
NOT_YET_VALID, EXPIRED, SELF_SIGNED, UNTRUSTED_ROOT = 9, 10, 18, 19
NO_ISSUER = (20, 21)
WRONG_NAME = (62, 64)
TOO_WEAK = (66, 67, 68)
CERTIFICATE_FAULTS = {
    NOT_YET_VALID: "certificate is not valid yet",
    EXPIRED: "certificate has expired",
    SELF_SIGNED: "certificate is self-signed",
    UNTRUSTED_ROOT: "certificate's chain ends in a root that is not trusted",
    20: "certificate's issuer is not trusted, or an intermediate certificate is missing",
    21: "certificate's issuer is not trusted, or an intermediate certificate is missing",
    23: "certificate is revoked",
    66: "certificate's key is too short to be safe",
    67: "the key of an authority in the certificate's chain is too short to be safe",
    68: "certificate is signed in a way that is not safe any more, such as SHA-1",
}
# Reasons of OpenSSL whose own words are for those who know it.
HANDSHAKE_FAULTS = {
    "TLSV1_ALERT_PROTOCOL_VERSION": "{where} speaks no version of TLS from 1.2 on",
    "UNSUPPORTED_PROTOCOL": "{where} speaks no version of TLS from 1.2 on",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "{where} refused the TLS handshake: no cipher in common, "
    "or it wants a certificate of ours",
    "TLSV1_UNRECOGNIZED_NAME": "{where} has no certificate for {host}",
    "DH_KEY_TOO_SMALL": "the Diffie-Hellman key of {where} is too short to be safe",
    "EXCESSIVE_MESSAGE_SIZE": "{where} sends too long a chain of certificates",
}
NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


class Failure(Exception):
    """Ends a check: its outcome is known. `status` is DOWN, or UNKNOWN where the fault is ours."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    @property
    def status(self) -> CheckStatus:
        return CheckStatus.UNKNOWN if self.reason is Reason.INTERNAL_ERROR else CheckStatus.DOWN


def lookup_failure(host: str, error: Exception) -> Failure:
    """`error` is what getaddrinfo raised: OSError, or ValueError for what cannot be a name."""
    # Numbers of socket.gaierror are not errno's: on macOS the two overlap.
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return Failure(Reason.DNS_ERROR, f"the name servers gave no answer for {host}")
        if error.errno == socket.EAI_MEMORY:
            return Failure(Reason.INTERNAL_ERROR, OURS[errno.ENOMEM])
    elif isinstance(error, OSError) and error.errno in OURS:
        return Failure(Reason.INTERNAL_ERROR, OURS[error.errno])
    return Failure(Reason.DNS_ERROR, f"name does not resolve: {host}")


def connect_failure(where: str, error: OSError) -> Failure:
    match error.errno:
        case code if code in OURS:
            return Failure(Reason.INTERNAL_ERROR, OURS[code])
        case errno.ECONNREFUSED:
            return Failure(Reason.CONNECTION_REFUSED, f"connection refused by {where}")
        case code if code in RESETS:
            return Failure(Reason.CONNECTION_RESET, f"connection reset by {where}")
        case errno.ETIMEDOUT:
            return Failure(Reason.TIMEOUT, f"no answer from {where} for so long that the system gave up")
        case errno.EHOSTUNREACH:
            return Failure(Reason.CONNECTION_ERROR, f"no route to {where}")
        case errno.ENETUNREACH:
            return Failure(Reason.CONNECTION_ERROR, f"the network of {where} cannot be reached from here")
        case int(code):
            return Failure(Reason.CONNECTION_ERROR, f"no connection to {where}: {os.strerror(code).lower()}")
        case _:
            return Failure(Reason.CONNECTION_ERROR, f"no connection to any address of {where}")


def tls_failure(where: str, host: str, error: OSError) -> Failure:
    """`error` is what the handshake raised: an ssl.SSLError, or an OSError of the connection under it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(Reason.TLS_ERROR, certificate_fault(host, error))
    if isinstance(error, ssl.SSLError):
        if error.reason in NOT_TLS:
            return Failure(Reason.TLS_ERROR, f"{where} does not speak TLS")
        if known := HANDSHAKE_FAULTS.get(error.reason or ""):
            return Failure(Reason.TLS_ERROR, known.format(where=where, host=host))
        words = (error.reason or "it broke off").replace("_", " ").lower()
        return Failure(Reason.TLS_ERROR, f"TLS handshake with {where} failed: {words}")
    # The event loop makes one without a number of the connection's end.
    if error.errno is None:
        return Failure(Reason.CONNECTION_RESET, f"{where} closed the connection during the TLS handshake")
    failure = connect_failure(where, error)
    return Failure(failure.reason, f"{failure.message} during the TLS handshake")


def certificate_fault(host: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in WRONG_NAME:
        return f"certificate is not valid for {host}"
    return CERTIFICATE_FAULTS.get(error.verify_code, f"certificate is not trusted: {error.verify_message}")


def exchange_failure(where: str, error: Exception) -> Failure:
    """`error` is what aiohttp raised after the connection was made."""
    causes = list(causes_of(error))
    if any(isinstance(cause, LineTooLong) or "Too many headers" in str(cause) for cause in causes):
        return headers_too_large(where)
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(Reason.CONNECTION_ERROR, f"the answer of {where} is not valid HTTP")
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno:
            return connect_failure(where, cause)
    return Failure(Reason.CONNECTION_ERROR, f"{where} closed the connection before the answer was complete")


def headers_too_large(where: str) -> Failure:
    return Failure(Reason.RESPONSE_TOO_LARGE, f"the headers of the answer of {where} are too large or too many")


def causes_of(error: BaseException | None) -> list[BaseException]:
    causes: list[BaseException] = []
    while error and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes
