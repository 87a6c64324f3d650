"""Against a real mail server."""

import socket
import ssl
from dataclasses import replace
from typing import Any

import pytest
import trustme

from is0k.channels.base import Reach
from is0k.channels.email import EmailChannel
from is0k.channels.http import Http
from is0k.channels.mail_server import MailServer
from is0k.channels.refusal import Refused
from is0k.probes.certificates import tls_context
from is0k.probes.guard import Guard
from is0k.schema.email_settings import EmailSettings
from is0k.settings import Settings
from is0k.tests.channels.conftest import MESSAGE
from is0k.tests.channels.postbox import PASSWORD, USER, Postbox, open_postbox
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

OPS = EmailSettings(address="ops@example.com")
SENDER = "is0k <alerts@is0k.example>"


def server(postbox: Postbox, **fields: Any) -> MailServer:
    usual: dict[str, Any] = {"host": "127.0.0.1", "port": postbox.port, "sender": SENDER}
    return MailServer(**{**usual, **fields})


async def sent(mail: MailServer | None, message: Any = MESSAGE, settings: EmailSettings = OPS) -> str:
    channel = EmailChannel(Reach(Http(Guard()), mail, FakeClock()))
    return (await channel.send(settings, message)).words


async def refused(mail: MailServer | None) -> tuple[str, bool]:
    with pytest.raises(Refused) as refusal:
        await sent(mail)
    return refusal.value.words, refusal.value.permanent


async def test_a_mail_says_what_happened_in_text_and_in_html() -> None:
    async with open_postbox() as postbox:
        words = await sent(server(postbox))

    [mail] = postbox.mails
    assert words == "The mail server answered: taken as 4711"
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "ops@example.com", "Shop is down")
    assert mail["Message-ID"] == f"<{MESSAGE.id}@is0k.example>"
    assert mail["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, page = (mail.get_body([kind]) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert text.get_content().splitlines() == [
        "No answer within 10 s",
        "",
        "Monitor: Shop",
        "URL: https://shop.example/?a=1&b=2",
        "",
        "https://is0k.example/monitors/mon_1",
    ]
    assert "<td>https://shop.example/?a=1&amp;b=2</td>" in page.get_content()
    assert '<a href="https://is0k.example/monitors/mon_1">' in page.get_content()


async def test_what_people_have_written_becomes_neither_a_header_nor_html() -> None:
    title = "Shop\r\nBcc: spy@example.com\r\n\r\n<script>"
    async with open_postbox() as postbox:
        await sent(server(postbox), replace(MESSAGE, title=title, text="<b>x</b>", facts=[("<i>", "</table>")]))

    [mail] = postbox.mails
    page = mail.get_body(["html"])
    assert page is not None
    assert (mail["Subject"], mail["Bcc"]) == ("Shop Bcc: spy@example.com <script>", None)
    assert postbox.recipients == [["ops@example.com"]]
    for tag in ("<script>", "<b>", "<i>"):
        assert tag not in page.get_content()
    assert page.get_content().count("</table>") == 1


async def test_signs_of_any_language_arrive() -> None:
    async with open_postbox() as postbox:
        await sent(server(postbox), replace(MESSAGE, title="Läden: 店 is down 😀"))

    assert postbox.mails[0]["Subject"] == "Läden: 店 is down 😀"


async def test_the_user_name_and_the_password_of_the_setting_are_shown_to_the_server() -> None:
    async with open_postbox() as postbox:
        url = f"smtp://{USER}:pass%20word%2F%C3%BC@127.0.0.1:{postbox.port}"
        mail = MailServer.of(Settings(smtp_url=url, mail_from=SENDER))  # type: ignore[arg-type]
        assert mail is not None
        assert mail.password == PASSWORD

        await sent(mail)

    assert postbox.was_known == [True]


async def test_a_wrong_password_is_told_and_is_not_the_channels_fault() -> None:
    async with open_postbox() as postbox:
        words, permanent = await refused(server(postbox, user=USER, password="wrong"))

    assert words == (
        "The mail server refused is0k's user name or password: 535 5.7.8 Authentication credentials invalid"
    )
    assert (permanent, postbox.mails) == (False, [])


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certified(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_starttls_is_taken_where_it_is_offered(certified: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with open_postbox(certified, require_starttls=True) as postbox:
        await sent(server(postbox, tls=trusting, user=USER, password=PASSWORD))

    assert postbox.was_encrypted == [True]


async def test_a_certificate_nobody_trusts_gets_no_mail(certified: ssl.SSLContext) -> None:
    async with open_postbox(certified) as postbox:
        words, permanent = await refused(server(postbox, tls=tls_context(verify=True)))

    assert words == (
        "The mail server cannot be reached: certificate's issuer is not trusted, or an intermediate certificate is "
        "missing"
    )
    assert (permanent, postbox.mails) == (False, [])


async def test_a_server_on_this_machine_may_have_made_its_certificate_itself(certified: ssl.SSLContext) -> None:
    async with open_postbox(certified) as postbox:
        await sent(server(postbox))

    assert postbox.was_encrypted == [True]
    assert MailServer("mail.example.com", 587, SENDER).context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("host", "user", "is_tls", "must"),
    [
        ("mail.example.com", "is0k", False, True),
        ("mail.example.com", None, False, None),
        ("127.0.0.1", "is0k", False, None),
        ("localhost", "is0k", False, None),
        ("mail.example.com", "is0k", True, False),
    ],
)
def test_a_password_crosses_a_network_only_encrypted(host: str, user: str | None, is_tls: bool, must: Any) -> None:
    assert MailServer(host, 587, SENDER, user=user, is_tls=is_tls).must_start_tls is must


@pytest.mark.parametrize(
    ("answer", "permanent"), [("550 no such user", True), ("450 try later", False), ("451 greylisted", False)]
)
async def test_a_refused_recipient_is_told_and_5xx_is_for_good(answer: str, permanent: bool) -> None:
    async with open_postbox() as postbox:
        postbox.answer_to_recipient = answer
        refusal = await refused(server(postbox))

    assert refusal == (f"The mail server refused ops@example.com: {answer}", permanent)
    assert postbox.mails == []


async def test_a_refused_mail_is_told() -> None:
    async with open_postbox() as postbox:
        postbox.answer_to_data = "554 looks like spam"
        assert await refused(server(postbox)) == ("The mail server answered 554 looks like spam", False)


async def test_without_a_mail_server_the_setting_is_named() -> None:
    assert await refused(None) == (
        "No mail server is set; the operator of this is0k can name one: IS0K_SMTP_URL",
        False,
    )


async def test_a_server_that_is_not_there_or_says_nothing_is_told() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        closed = MailServer("127.0.0.1", port, SENDER)
        assert await refused(closed) == (
            f"The mail server cannot be reached: connection refused by 127.0.0.1:{port}",
            False,
        )
        listener.listen()
        assert await refused(replace(closed, timeout_seconds=0.2)) == (
            f"The mail server 127.0.0.1:{port} did not answer within 0.2 s",
            False,
        )


@pytest.mark.parametrize(
    ("url", "mail_from", "host", "port", "is_tls", "sender"),
    [
        ("smtp://mail.example.com", None, "mail.example.com", 587, False, "is0k@is0k.example"),
        ("smtps://mail.example.com", None, "mail.example.com", 465, True, "is0k@is0k.example"),
        ("smtp://a%40b.example:x@mail.example.com:25", None, "mail.example.com", 25, False, "a@b.example"),
        ("smtp://mail.example.com", SENDER, "mail.example.com", 587, False, SENDER),
    ],
)
def test_the_setting_says_where_and_who(
    url: str, mail_from: str | None, host: str, port: int, is_tls: bool, sender: str
) -> None:
    settings = Settings(smtp_url=url, mail_from=mail_from, public_url="https://is0k.example")  # type: ignore[arg-type]

    mail = MailServer.of(settings)

    assert mail is not None
    assert (mail.host, mail.port, mail.is_tls, mail.sender) == (host, port, is_tls, sender)
    assert MailServer.of(Settings()) is None


@pytest.mark.parametrize("url", ["mail.example.com", "https://mail.example.com", "smtp://"])
def test_what_is_no_mail_server_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="must be smtp://user:password@host:port"):
        Settings(smtp_url=url)  # type: ignore[arg-type]
