import pytest

from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, HttpMethod, Reason
from is0k.tests.probes.site import Site, page, redirect, settings

pytestmark = pytest.mark.anyio

SECRETS = {
    "Authorization": "Bearer a",
    "Cookie": "b=c",
    "Proxy-Authorization": "d",
    "X-Api-Key": "e",
    "User-Agent": "f",
}


async def test_a_redirect_is_followed_and_told(probe: HttpProbe) -> None:
    async with Site({"/": redirect("/b", 301), "/b": redirect("c?d=e"), "/c?d=e": page()}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert outcome.status is CheckStatus.UP
    assert outcome.detail["redirects"] == [
        {"status": 301, "url": site.url("/b")},
        {"status": 302, "url": site.url("/c?d=e")},
    ]
    assert outcome.detail["finalUrl"] == site.url("/c?d=e")


async def test_a_redirect_is_the_answer_when_it_is_not_followed(probe: HttpProbe) -> None:
    async with Site({"/": redirect("/b")}) as site:
        outcome = await probe.run(settings(site.url(), follow_redirects=False), 5)

    assert outcome.message == "status 302, expected 200"
    assert [request.path for request in site.requests] == ["/"]


@pytest.mark.parametrize("answer", [page(b"", 304, location="/b"), page(b"", 300, location="/b"), page(b"", 302)])
async def test_other_3xx_and_those_without_a_location_are_answers(probe: HttpProbe, answer: bytes) -> None:
    async with Site({"/": answer}) as site:
        outcome = await probe.run(settings(site.url(), "3xx"), 5)

    assert outcome.status is CheckStatus.UP
    assert len(site.requests) == 1


async def test_five_redirects_are_followed(probe: HttpProbe) -> None:
    async with Site({f"/{n}": redirect(f"/{n + 1}") for n in range(5)} | {"/5": page()}) as site:
        outcome = await probe.run(settings(site.url("/0")), 5)

    assert outcome.status is CheckStatus.UP
    assert len(site.requests) == 6


async def test_a_sixth_redirect_is_too_many(probe: HttpProbe) -> None:
    async with Site({"/": redirect("/")}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.TOO_MANY_REDIRECTS)
    assert outcome.message == "more than 5 redirects"
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [
        (301, HttpMethod.POST, "GET"),
        (302, HttpMethod.POST, "GET"),
        (302, HttpMethod.PUT, "PUT"),
        (303, HttpMethod.POST, "GET"),
        (303, HttpMethod.DELETE, "GET"),
        (303, HttpMethod.HEAD, "HEAD"),
        (302, HttpMethod.HEAD, "HEAD"),
        (307, HttpMethod.POST, "POST"),
        (308, HttpMethod.PATCH, "PATCH"),
    ],
)
async def test_the_method_after_a_redirect_is_the_one_browsers_use(
    probe: HttpProbe, status: int, before: HttpMethod, after: str
) -> None:
    async with Site({"/": redirect("/b", status), "/b": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"}) as site:
        await probe.run(settings(site.url(), method=before), 5)

    assert [request.method for request in site.requests] == [before.value, after]


@pytest.mark.parametrize(("status", "body", "content_type"), [(303, b"", None), (307, b"a=b", "text/x")])
async def test_the_body_goes_along_only_where_the_method_stays(
    probe: HttpProbe, status: int, body: bytes, content_type: str | None
) -> None:
    async with Site({"/": redirect("/b", status), "/b": page()}) as site:
        await probe.run(
            settings(site.url(), method=HttpMethod.POST, body="a=b", headers={"Content-Type": "text/x", "X-Key": "v"}),
            5,
        )

    last = site.requests[1]
    assert (last.body, last.headers.get("content-type"), last.headers["x-key"]) == (body, content_type, "v")


async def test_our_headers_go_along_within_an_origin(probe: HttpProbe) -> None:
    async with Site({"/": redirect("/b"), "/b": page()}) as site:
        await probe.run(settings(site.url(), headers=SECRETS), 5)

    assert {name: site.requests[1].headers[name.lower()] for name in SECRETS} == SECRETS


async def test_no_header_of_ours_goes_to_another_origin(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as other, Site({"/": redirect(other.url())}) as site:
        outcome = await probe.run(settings(site.url(), headers=SECRETS), 5)

    assert outcome.status is CheckStatus.UP
    sent = other.requests[0].headers
    assert set(sent) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert sent["user-agent"].startswith("is0k/")


async def test_headers_once_dropped_do_not_come_back(probe: HttpProbe) -> None:
    async with Site() as site:
        site.answers = {"/": redirect(site.url("/b", "b.test")), "/b": redirect(site.url("/c")), "/c": page()}
        await probe.run(settings(site.url(), headers={"Authorization": "a"}), 5)

    assert ["authorization" in request.headers for request in site.requests] == [True, False, False]


async def test_a_user_name_in_a_redirect_is_not_sent(probe: HttpProbe) -> None:
    async with Site() as site:
        site.answers = {"/": redirect(site.url("/b", "user:password@127.0.0.1")), "/b": page()}
        outcome = await probe.run(settings(site.url()), 5)

    assert "authorization" not in site.requests[1].headers
    assert outcome.detail["finalUrl"] == site.url("/b")


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
        "http://[::1",
        "http://:0/",
    ],
)
async def test_a_redirect_leads_only_to_http_and_https(probe: HttpProbe, location: str) -> None:
    async with Site({"/": redirect(location)}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.BLOCKED_TARGET)
    assert outcome.message == "the redirect's target is not an http or https address"
    assert len(site.requests) == 1


async def test_a_redirect_into_a_forbidden_network_is_refused(probe: HttpProbe) -> None:
    async with Site({"/": redirect("http://169.254.169.254/latest/meta-data/")}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert outcome.reason is Reason.BLOCKED_TARGET
    assert (outcome.message or "").startswith("169.254.169.254 is a cloud metadata service")
    assert outcome.detail["redirects"] == [{"status": 302, "url": "http://169.254.169.254/latest/meta-data/"}]
    assert "remoteAddress" not in outcome.detail


async def test_connections_of_a_redirect_are_closed(probe: HttpProbe) -> None:
    async with Site({"/": redirect("/b"), "/b": page()}) as site:
        await probe.run(settings(site.url()), 5)
        await site.until_alone()

        assert site.accepted == 2
