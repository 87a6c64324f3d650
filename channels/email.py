"""The `email` channel: text and HTML, through the operator's mail server."""

import html
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime

from is0k.channels.base import Message, Reach, Receipt
from is0k.channels.refusal import Refused
from is0k.schema.email_settings import EmailSettings

SUBJECT_CHARACTERS = 200
PAGE = """\
<!doctype html>
<html><body style="font: 16px/1.5 system-ui, sans-serif; color: #1c1c1e; max-width: 36em; margin: 2em auto">
<h1 style="font-size: 1.25em">{title}</h1>
<p style="white-space: pre-line">{text}</p>
<table style="border-spacing: 0 .25em">{rows}</table>
{link}
</body></html>
"""
ROW = '<tr><th style="text-align: left; padding-right: 1em">{label}</th><td>{value}</td></tr>'
LINK = '<p><a href="{url}">Open in is0k</a></p>'


class EmailChannel:
    def __init__(self, reach: Reach) -> None:
        self._server, self._clock = reach.mail, reach.clock

    async def send(self, settings: EmailSettings, message: Message) -> Receipt:
        if self._server is None:
            raise Refused("No mail server is set; the operator of this is0k can name one: IS0K_SMTP_URL")
        mail = EmailMessage(policy=SMTPUTF8)
        mail["From"] = self._server.sender
        mail["To"] = settings.address
        mail["Subject"] = " ".join(message.title.split())[:SUBJECT_CHARACTERS]
        mail["Date"] = format_datetime(self._clock.now())
        # The same over all attempts: a mail that comes twice is known by it.
        mail["Message-ID"] = f"<{message.id}@{self._server.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(plain_text(message))
        mail.add_alternative(page(message), subtype="html")
        return Receipt(f"The mail server answered: {await self._server.send(mail, settings.address)}")


def plain_text(message: Message) -> str:
    facts = "\n".join(f"{label}: {value}" for label, value in message.facts)
    return "\n\n".join(part for part in (message.text, facts, message.link) if part) + "\n"


def page(message: Message) -> str:
    rows = (ROW.format(label=html.escape(label), value=html.escape(value)) for label, value in message.facts)
    return PAGE.format(
        title=html.escape(message.title),
        text=html.escape(message.text),
        rows="".join(rows),
        link=LINK.format(url=html.escape(message.link)) if message.link else "",
    )
