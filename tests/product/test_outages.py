"""Five ways a site goes away, at once and on one installation: each is told in time and for its reason, and its end."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from is0k.tests.stage.api import Api
from is0k.tests.stage.product import new_monitor
from is0k.tests.stage.shop import Shop
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

STORIES = ["bad_status", "connection_refused", "timeout", "tls_error", "dns_error"]
LONGEST_SECONDS = 12.0

QUERY = """
query ($id: ID!) { monitor(id: $id) {
    status
    openIncident { id status startedAt cause { reason message evidence } }
    stats(period: HOUR_24) { incidents }
} }
"""


@dataclass
class Site:
    """A target with an outage to come."""

    url: str
    breaks: Callable[[str], Awaitable[object]]
    heals: Callable[[str], Awaitable[object]]


@dataclass
class Outage:
    """What the product told of it."""

    seconds_to_down: float
    down: Mapping[str, Any]
    seconds_to_up: float
    up: Mapping[str, Any]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def environment(
    environment: dict[str, str], authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The product trusts our authority."""
    path: Path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return environment | {"SSL_CERT_FILE": str(path)}


@pytest.fixture(scope="module")
async def outages(api: Api, authority: trustme.CA) -> AsyncIterator[dict[str, Outage]]:
    async with AsyncExitStack() as stack:
        shops = [await stack.enter_async_context(Shop()) for _ in range(4)]
        secure = await stack.enter_async_context(Shop(certificate(authority, "127.0.0.1")))
        sites = {
            "bad_status": answers_503(shops[0]),
            "connection_refused": killed(shops[1]),
            "timeout": hangs(shops[2]),
            "tls_error": wrong_certificate(secure, authority),
            "dns_error": renamed(shops[3], api),
        }
        told = await asyncio.gather(*(live_through(api, site) for site in sites.values()))
        yield dict(zip(sites, told, strict=True))


def answers_503(shop: Shop) -> Site:
    async def answer(status: int) -> None:
        shop.status = status

    return Site(shop.url, lambda _: answer(503), lambda _: answer(200))


def killed(shop: Shop) -> Site:
    return Site(shop.url, lambda _: shop.close(), lambda _: shop.open())


def hangs(shop: Shop) -> Site:
    async def hang(yes: bool) -> None:
        shop.hangs = yes

    return Site(shop.url, lambda _: hang(True), lambda _: hang(False))


def wrong_certificate(shop: Shop, authority: trustme.CA) -> Site:
    async def show(name: str) -> None:
        await shop.close()
        await shop.open(certificate(authority, name))

    return Site(shop.url, lambda _: show("somebody.else.test"), lambda _: show("127.0.0.1"))


def renamed(shop: Shop, api: Api) -> Site:
    async def watch(id: str, url: str) -> None:
        assert (await api.call("PATCH", f"/monitors/{id}", {"url": url})).status == 200

    return Site(shop.url, lambda id: watch(id, "http://nothing.invalid/"), lambda id: watch(id, shop.url))


def certificate(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def live_through(api: Api, site: Site) -> Outage:
    # The longest way to a confirmed time-out: a slot just missed, and twice the time-out.
    id = await new_monitor(api, site.url, retries=1, timeoutSeconds=2)
    await reaches(api, id, "UP")
    broken_at = time.monotonic()
    await site.breaks(id)
    down = await reaches(api, id, "DOWN")
    healed_at = time.monotonic()
    await site.heals(id)
    up = await reaches(api, id, "UP")
    return Outage(healed_at - broken_at, down, time.monotonic() - healed_at, up)


async def reaches(api: Api, id: str, status: str) -> Mapping[str, Any]:
    async def seen() -> Mapping[str, Any] | None:
        monitor: Mapping[str, Any] = (await api.graphql(QUERY, id=id))["data"]["monitor"]
        return monitor if monitor["status"] == status else None

    # Longer than it may take: how long it took is for the tests to say.
    return await until(f"{id} is {status}", seen, 2 * LONGEST_SECONDS)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("reason", STORIES)
async def test_an_outage_is_told_in_time_with_its_reason(outages: dict[str, Outage], reason: str) -> None:
    outage = outages[reason]
    print(f"{reason}: down after {outage.seconds_to_down:.1f} s, up after {outage.seconds_to_up:.1f} s")

    assert outage.seconds_to_down < LONGEST_SECONDS
    assert outage.down["openIncident"]["cause"]["reason"] == reason.upper()
    assert outage.down["openIncident"]["cause"]["message"]
    assert outage.down["openIncident"]["status"] == "INVESTIGATING"


@pytest.mark.timeout(90)
@pytest.mark.parametrize("reason", STORIES)
async def test_its_end_is_told_in_time_and_resolves_the_one_incident(outages: dict[str, Outage], reason: str) -> None:
    outage = outages[reason]

    assert outage.seconds_to_up < LONGEST_SECONDS
    assert outage.up["openIncident"] is None
    assert outage.up["stats"]["incidents"] == 1


@pytest.mark.timeout(90)
async def test_the_incident_keeps_what_the_server_answered(outages: dict[str, Outage]) -> None:
    assert outages["bad_status"].down["openIncident"]["cause"]["evidence"]["statusCode"] == 503
