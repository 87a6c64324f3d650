"""What an http check tells beyond well or ill: for evidence, and for assertions."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, HttpMethod, IpVersion, KeywordMode, Reason
from is0k.tests.probes.conftest import Names
from is0k.tests.probes.site import Site, page, redirect, settings
from is0k.tests.probes.test_connection_tls import server

pytestmark = pytest.mark.anyio


def issued(authority: trustme.CA, name: str, *, days: float, of_days: float = 90) -> ssl.SSLContext:
    """A certificate with so many days left, of so many; and an hour more, so that the test takes no day from it."""
    ends = datetime.now(UTC) + timedelta(days=days, hours=1)
    return server(authority.issue_cert(name, not_before=ends - timedelta(of_days), not_after=ends))


async def test_chosen_headers_are_kept_and_none_that_may_be_a_credential(probe: HttpProbe) -> None:
    answer = page(
        set_cookie="session=secret", Server="nginx", x_api_key="secret", cf_ray="1-FRA", via="a" * 500, etag='"x"'
    )
    async with Site({"/": answer}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert outcome.detail["headers"] == {"server": "nginx", "via": "a" * 200, "cf-ray": "1-FRA"}


async def test_a_check_that_is_well_keeps_no_body(probe: HttpProbe) -> None:
    async with Site({"/": page(b"secret plans")}) as site:
        outcome = await probe.run(settings(site.url(), keyword="plans"), 5, wants_body=True)

    assert "bodyExcerpt" not in outcome.detail


async def test_all_addresses_are_kept_in_order_and_the_one_that_answered(probe: HttpProbe, names: Names) -> None:
    async with Site({"/": page()}) as site:
        names.addresses["two.test"] = ["127.0.0.9", "127.0.0.1"]
        outcome = await probe.run(settings(site.url("/", "two.test")), 5)

    assert outcome.detail["addresses"] == ["127.0.0.1", "127.0.0.9"]
    assert outcome.detail["remoteAddress"] == f"127.0.0.1:{site.port}"
    assert outcome.facts.address == "127.0.0.1"


async def test_assertions_see_every_header_by_its_name_in_lower_case(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\nVary: a\r\nX-One: 1\r\nvary: b\r\ncontent-length: 0\r\n\r\n"}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert outcome.facts.headers == {"vary": "a, b", "x-one": "1", "content-length": "0"}


async def test_assertions_see_the_body_only_if_they_want_it(probe: HttpProbe) -> None:
    async with Site({"/": page(b"hello")}) as site:
        without = await probe.run(settings(site.url(), keyword="hello"), 5)
        wanted = await probe.run(settings(site.url()), 5, wants_body=True)

    assert (without.facts.body, wanted.facts.body) == (None, b"hello")


async def test_a_body_is_read_once_for_keyword_and_assertions(probe: HttpProbe) -> None:
    body = b"early" + b"x" * 300_000
    async with Site({"/": page(body)}) as site:
        found = await probe.run(settings(site.url(), keyword="early"), 5, wants_body=True)
        missing = await probe.run(settings(site.url(), keyword="late"), 5, wants_body=True)
        present = await probe.run(
            settings(site.url(), keyword="early", keyword_mode=KeywordMode.ABSENT), 5, wants_body=True
        )

    assert (found.reason, missing.reason, present.reason) == (
        Reason.OK,
        Reason.KEYWORD_MISSING,
        Reason.KEYWORD_PRESENT,
    )
    assert found.facts.body == body[: 256 * 1024]
    assert site.accepted == 3


async def test_the_answer_to_head_has_an_empty_body(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"}) as site:
        outcome = await probe.run(settings(site.url(), method=HttpMethod.HEAD), 5, wants_body=True)

    assert (outcome.status, outcome.facts.body) == (CheckStatus.UP, b"")


@pytest.mark.parametrize(("version", "host"), [(IpVersion.IPV4, "127.0.0.1"), (IpVersion.IPV6, "::1")])
async def test_only_addresses_of_the_chosen_version_are_tried(
    probe: HttpProbe, names: Names, version: IpVersion, host: str
) -> None:
    names.addresses["both.test"] = ["127.0.0.1", "::1"]
    async with Site({"/": page()}, host=host) as site:
        outcome = await probe.run(settings(site.url("/", "both.test"), ip_version=version), 5)

    assert outcome.status is CheckStatus.UP
    assert outcome.detail["addresses"] == [host]


async def test_a_name_without_such_an_address_is_down(probe: HttpProbe, names: Names) -> None:
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url("/", "old.test"), ip_version=IpVersion.IPV6), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.DNS_ERROR)
    assert site.accepted == 0


@pytest.mark.parametrize(
    ("days", "of_days", "words"),
    [(13, 90, "13 days"), (1, 90, "1 day"), (6, 60, "6 days"), (0.5, 6, "12 hours"), (0, 6, "59 minutes")],
)
async def test_a_certificate_that_expires_soon_is_degraded(
    probe: HttpProbe, authority: trustme.CA, days: float, of_days: float, words: str
) -> None:
    async with Site({"/": page()}, tls=issued(authority, "good.test", days=days, of_days=of_days)) as site:
        outcome = await probe.run(settings(site.url("/", "good.test")), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DEGRADED, Reason.TLS_EXPIRING)
    assert outcome.message is not None
    assert outcome.message.startswith(f"certificate of good.test expires in {words} (")


@pytest.mark.parametrize(("days", "of_days"), [(15, 400), (14, 90), (2, 6), (11, 60)])
async def test_one_that_is_renewed_in_its_own_time_is_up(
    probe: HttpProbe, authority: trustme.CA, days: float, of_days: float
) -> None:
    async with Site({"/": page()}, tls=issued(authority, "good.test", days=days, of_days=of_days)) as site:
        outcome = await probe.run(settings(site.url("/", "good.test")), 5)

    assert (outcome.status, outcome.message) == (CheckStatus.UP, None)
    assert outcome.facts.certificate_days == pytest.approx(days + 1 / 24, abs=0.01)


async def test_a_certificate_on_the_way_that_expires_soon_is_noticed_too(
    probe: HttpProbe, authority: trustme.CA
) -> None:
    async with (
        Site({"/": page()}, tls=issued(authority, "end.test", days=80)) as end,
        Site({"/": redirect(end.url("/", "end.test"))}, tls=issued(authority, "begin.test", days=3)) as begin,
    ):
        outcome = await probe.run(settings(begin.url("/", "begin.test")), 5)

    assert outcome.reason is Reason.TLS_EXPIRING
    assert (outcome.message or "").startswith("certificate of begin.test expires in 3 days (")
    assert outcome.facts.certificate_days == pytest.approx(3, abs=0.1)


async def test_a_bad_answer_is_worse_than_a_certificate_that_expires_soon(
    probe: HttpProbe, authority: trustme.CA
) -> None:
    async with Site({"/": page(b"", 500)}, tls=issued(authority, "good.test", days=3)) as site:
        outcome = await probe.run(settings(site.url("/", "good.test")), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.BAD_STATUS)
