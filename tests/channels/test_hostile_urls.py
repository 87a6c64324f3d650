"""Hostile addresses of receivers: no message is brought to one, whatever disguise it is written in."""

from ipaddress import ip_address, ip_network

import pytest

from is0k.channels.base import Reach
from is0k.channels.http import Http
from is0k.channels.refusal import Refused
from is0k.channels.webhook import WebhookChannel
from is0k.probes.guard import METADATA, Guard, plain
from is0k.schema.webhook_settings import WebhookSettings
from is0k.tests.channels.conftest import MESSAGE
from is0k.tests.channels.receiver import Receiver
from is0k.tests.probes.disguises import CASES, Numbers
from is0k.tests.probes.witness import watching

# Nothing here goes further than the witness, who has to see it first.
pytestmark = [pytest.mark.anyio, pytest.mark.allow_hosts(["0.0.0.0/0", "::/0"])]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URLS = ("http://{}/", "https://{}:8443/hook", "http://user:password@{}/", "http://example.com\\@{}/")


async def refused(reach: Reach, url: str) -> bool:
    try:
        await WebhookChannel(reach).send(WebhookSettings(url=url, secret=SECRET), MESSAGE)
    except Refused:
        return True
    return False


async def test_no_message_is_brought_to_a_forbidden_address() -> None:
    reach = Reach(Http(Guard(), Numbers()))
    urls = [url.format(case.in_url) for url in URLS for case in CASES]
    with watching() as witness:
        taken = [url for url in urls if not await refused(reach, url)]
    await reach.close()

    assert len(set(urls)) > 20_000
    assert taken == []
    assert witness.strays == []


async def test_the_disguises_are_real_without_a_guard_each_leads_where_it_says() -> None:
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0"), *map(ip_network, METADATA)]
    reach = Reach(Http(Guard(everything), Numbers()))
    missed = []
    for case in [case for case in CASES if case.is_same]:
        with watching() as witness:
            await refused(reach, f"http://{case.in_url}/")
        if [plain(ip_address(ip)) for ip, _ in witness.strays] != [plain(case.address)]:
            missed.append(case)
    await reach.close()

    assert missed == []


async def test_where_a_receiver_redirects_to_is_not_visited(receiver: Receiver) -> None:
    reach = Reach(Http(Guard([ip_network("127.0.0.1/32")]), Numbers()))
    port = int(receiver.url.split(":")[2].split("/")[0])
    targets = [f"http://{case.in_url}/" for case in CASES[::10] if case.host.isascii()]
    with watching(("127.0.0.1", port)) as witness:
        for target in targets:
            receiver.status, receiver.headers = 307, {"Location": target}
            assert await refused(reach, receiver.url)
    await reach.close()

    assert witness.strays == []
    assert len(receiver.received) == len(witness.let_through) == len(targets)
