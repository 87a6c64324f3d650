"""Certificates of every kind, good and bad, and servers that show them."""

import hashlib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Paper:
    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def day_of_expiry(self) -> str:
        return f"{self.certificate.not_valid_after_utc:%Y-%m-%d}"


def issue(
    subject: str,
    by: Paper | None = None,
    *names: str,
    key: Any = None,
    begins: timedelta = -DAY,
    ends: timedelta = 90 * DAY,
) -> Paper:
    """Signed by itself when by nobody. Without names it is an authority."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(by.certificate.subject if by else who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        found = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(found, critical=False)
    return Paper(builder.sign(by.key if by else key, hashes.SHA256()), key)


def signed_with_sha1(paper: Paper, by: Paper) -> Paper:
    """The same certificate, signed by hand: no library does it any more. `by` has an RSA key."""
    with_sha256, with_sha1 = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")
    signed = paper.certificate.tbs_certificate_bytes.replace(with_sha256, with_sha1)
    digest = bytes.fromhex("3021300906052b0e03021a05000414") + hashlib.sha1(signed).digest()
    numbers = by.key.private_numbers()
    size = by.key.key_size // 8
    padded = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    signature = pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n).to_bytes(size)
    der = paper.der.replace(with_sha256, with_sha1)[:-size] + signature
    return Paper(x509.load_der_x509_certificate(der), paper.key)


def serving(own: Paper, *chain: Paper, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server that would show anything; `newest` limits the versions of TLS it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    if newest:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
    private = own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chain"
        file.write_bytes(private + b"".join(paper.pem for paper in (own, *chain)))
        context.load_cert_chain(file)
    return context


def trusting(*roots: Paper) -> ssl.SSLContext:
    return ssl.create_default_context(cadata="".join(root.pem.decode() for root in roots))


@contextmanager
def plain_server(context: ssl.SSLContext) -> Iterator[int]:
    """Its port. Unlike asyncio's servers it says why it refuses a handshake, as most servers do."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with suppress(OSError), context.wrap_socket(client, server_side=True):
                        pass

        thread = Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
