"""A real mail server that may refuse, and remembers what it took."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = "is0k", "pass word/ü"


@dataclass
class Postbox:
    port: int = 0
    answer_to_recipient: str = "250 OK"
    answer_to_data: str = "250 taken as 4711"
    mails: list[EmailMessage] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    was_known: list[bool] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(envelope.rcpt_tos)
        self.was_encrypted.append(session.ssl is not None)
        self.was_known.append(session.authenticated)
        return self.answer_to_data


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    # "Handled" means that the refusal has been sent already.
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@asynccontextmanager
async def open_postbox(tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[Postbox]:
    """`tls`: it offers STARTTLS."""
    postbox, loop = Postbox(), asyncio.get_running_loop()
    usual: dict[str, Any] = {
        "tls_context": tls,
        "authenticator": _authenticate,
        "auth_require_tls": tls is not None,
    }
    server = await loop.create_server(
        lambda: SMTP(postbox, hostname="mail.test", loop=loop, **usual, **options), "127.0.0.1", 0
    )
    postbox.port = server.sockets[0].getsockname()[1]
    try:
        yield postbox
    finally:
        server.close()
