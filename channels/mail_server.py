"""The operator's mail server: reached where the setting says, without the guard, which is for what users name."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from ipaddress import ip_address

import aiosmtplib
import yarl

from is0k.channels.refusal import Refused
from is0k.probes.certificates import tls_context
from is0k.probes.failures import causes_of, connect_failure, lookup_failure, tls_failure
from is0k.settings import Settings

TIMEOUT_SECONDS = 15.0
# RFC 6409 and RFC 8314.
SUBMISSION_PORT, SUBMISSIONS_PORT = 587, 465


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    is_tls: bool = False  # from the first byte; else STARTTLS
    tls: ssl.SSLContext | None = None  # stands in for the one that `context` would choose
    timeout_seconds: float = TIMEOUT_SECONDS

    @classmethod
    def of(cls, settings: Settings) -> "MailServer | None":
        if settings.smtp_url is None:
            return None
        url = yarl.URL(settings.smtp_url.get_secret_value())
        is_tls = url.scheme == "smtps"
        user = url.user or None
        default = user if user and "@" in user else f"is0k@{yarl.URL(settings.public_url).host}"
        return cls(
            host=url.host or "",
            port=url.port or (SUBMISSIONS_PORT if is_tls else SUBMISSION_PORT),
            sender=settings.mail_from or default,
            user=user,
            password=url.password,
            is_tls=is_tls,
        )

    @property
    def domain(self) -> str:
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def must_start_tls(self) -> bool | None:
        """A password crosses a network only encrypted; None takes what the server offers."""
        if self.is_tls:
            return False
        return True if self.user and not is_this_machine(self.host) else None

    @property
    def context(self) -> ssl.SSLContext:
        # Nobody stands between us and a server on this machine, and its certificate is mostly one it made itself.
        return self.tls or tls_context(verify=not is_this_machine(self.host))

    async def send(self, mail: EmailMessage, address: str) -> str:
        """What the server answered. Raises Refused."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                _, words = await aiosmtplib.send(
                    mail,
                    sender=parseaddr(self.sender)[1],
                    recipients=[address],
                    hostname=self.host,
                    port=self.port,
                    username=self.user,
                    password=self.password,
                    use_tls=self.is_tls,
                    start_tls=self.must_start_tls,
                    tls_context=self.context,
                    timeout=self.timeout_seconds,
                )
        except TimeoutError:
            raise Refused(f"The mail server {self.where} did not answer within {self.timeout_seconds:g} s") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._refusal(error, address) from error
        return words

    def _refusal(self, error: Exception, address: str) -> Refused:
        match error:
            case aiosmtplib.SMTPRecipientsRefused(recipients=[refused, *_]):
                # 5xx: there is no such mailbox, and there will be none. 4xx: later, perhaps.
                words = f"The mail server refused {address}: {refused.code} {refused.message}"
                return Refused(words, permanent=refused.code >= 500)
            # What follows is wrong for every channel: a reason to tell the operator, not to give up this one.
            case aiosmtplib.SMTPAuthenticationError():
                return Refused(f"The mail server refused is0k's user name or password: {error.code} {error.message}")
            case aiosmtplib.SMTPSenderRefused():
                return Refused(f"The mail server refused the sender {error.sender}: {error.code} {error.message}")
            case aiosmtplib.SMTPResponseException():
                return Refused(f"The mail server answered {error.code} {error.message}")
        for cause in causes_of(error):
            if isinstance(cause, OSError) and not isinstance(cause, aiosmtplib.SMTPException):
                return Refused(f"The mail server cannot be reached: {self._words(cause)}")
        return Refused(f"The mail server {self.where} failed: {error}")

    def _words(self, error: OSError) -> str:
        if isinstance(error, ssl.SSLError):
            return tls_failure(self.where, self.host, error).message
        if isinstance(error, socket.gaierror):
            return lookup_failure(self.host, error).message
        return connect_failure(self.where, error).message


def is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
