import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

import pytest

from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, HttpMethod, Reason
from is0k.tests.probes.site import Request, Site, page, settings

pytestmark = pytest.mark.anyio


async def test_the_expected_status_is_up(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason, outcome.message) == (CheckStatus.UP, Reason.OK, None)
    assert outcome.status_code == 200
    assert outcome.detail == {"remoteAddress": f"127.0.0.1:{site.port}", "addresses": ["127.0.0.1"]}


async def test_another_status_is_down_and_shows_what_the_answer_said(probe: HttpProbe) -> None:
    async with Site({"/": page(b"too\0many\xff", 503)}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.BAD_STATUS)
    assert outcome.message == "status 503, expected 200"
    assert outcome.status_code == 503
    assert outcome.detail["bodyExcerpt"] == "too\ufffdmany\ufffd"


@pytest.mark.parametrize(
    ("status", "expected", "is_up"),
    [
        (204, "204", True),
        (204, "2xx", True),
        (301, "2xx 301", True),
        (404, "2xx 3xx", False),
        (200, "201 204", False),
    ],
)
async def test_the_expected_status_may_be_codes_and_classes(
    probe: HttpProbe, status: int, expected: str, is_up: bool
) -> None:
    async with Site({"/": page(b"", status)}) as site:
        outcome = await probe.run(settings(site.url(), expected), 5)

    assert (outcome.reason is Reason.OK) is is_up


async def test_a_bad_status_names_all_that_were_expected(probe: HttpProbe) -> None:
    async with Site({"/": page(b"", 404)}) as site:
        outcome = await probe.run(settings(site.url(), "200 3xx"), 5)

    assert outcome.message == "status 404, expected 200 or 3xx"


async def test_the_excerpt_has_at_most_2_kib(probe: HttpProbe) -> None:
    async with Site({"/": page(b"x" * 100_000, 500)}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert outcome.detail["bodyExcerpt"] == "x" * 2048


async def test_a_request_carries_only_what_it_must(probe: HttpProbe) -> None:
    async with Site({"/a?b=c": page()}) as site:
        await probe.run(settings(site.url("/a?b=c")), 5)

    try:
        number = version("is0k")
    except PackageNotFoundError:
        number = "0"
    assert site.requests == [
        Request(
            "GET",
            "/a?b=c",
            {
                "host": f"127.0.0.1:{site.port}",
                "user-agent": f"is0k/{number} (+uptime check)",
                "accept": "*/*",
                "accept-encoding": "gzip, deflate",
                "connection": "close",
            },
            b"",
        )
    ]


async def test_our_headers_give_way_to_those_of_the_monitor(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        await probe.run(settings(site.url(), headers={"user-agent": "mine", "X-Key": "v"}), 5)

    sent = site.requests[0].headers
    assert (sent["user-agent"], sent["x-key"]) == ("mine", "v")


@pytest.mark.parametrize("method", [HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE])
async def test_the_body_is_sent_as_it_is(probe: HttpProbe, method: HttpMethod) -> None:
    async with Site({"/": page()}) as site:
        outcome = await probe.run(
            settings(site.url(), method=method, body="ä=1", headers={"Content-Type": "text/x"}), 5
        )

    assert outcome.status is CheckStatus.UP
    assert (site.requests[0].method, site.requests[0].body) == (method.value, "ä=1".encode())
    assert site.requests[0].headers["content-type"] == "text/x"


@pytest.mark.parametrize("method", [HttpMethod.HEAD, HttpMethod.OPTIONS])
async def test_methods_without_a_body_are_asked_as_they_are(probe: HttpProbe, method: HttpMethod) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"}) as site:
        outcome = await probe.run(settings(site.url(), method=method), 5)

    assert outcome.status is CheckStatus.UP
    assert site.requests[0].method == method.value


async def test_every_check_makes_a_new_connection(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        for _ in range(3):
            await probe.run(settings(site.url()), 5)

        assert site.accepted == 3


async def test_cookies_of_one_check_are_not_sent_by_the_next(probe: HttpProbe) -> None:
    async with Site({"/": page(set_cookie="a=1; Path=/")}) as site:
        await probe.run(settings(site.url("/", "cookie.test")), 5)
        await probe.run(settings(site.url("/", "cookie.test")), 5)

    assert [request.headers.get("cookie") for request in site.requests] == [None, None]


async def test_proxies_of_the_environment_are_not_used(probe: HttpProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url("/", "proxied.test")), 5)

    assert outcome.status is CheckStatus.UP


async def test_an_address_that_is_not_http_is_refused(probe: HttpProbe) -> None:
    for url in ("ftp://127.0.0.1/", "file:///etc/passwd", "http://[::1", "http:///path", "http://127.0.0.1:0/"):
        outcome = await probe.run(settings(url), 5)

        assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.BLOCKED_TARGET)
        assert outcome.message == "the target is not an http or https address"


async def test_a_user_name_in_the_url_is_not_sent(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        await probe.run(settings(site.url("/", "user:password@127.0.0.1")), 5)

    assert "authorization" not in site.requests[0].headers


async def test_an_outcome_can_be_stored_as_json(probe: HttpProbe) -> None:
    async with Site({"/": page(b"\xff\0", 500)}) as site:
        outcome = await probe.run(settings(site.url()), 5)

    assert json.loads(json.dumps(asdict(outcome)["detail"])) == outcome.detail


async def test_an_internal_fault_is_unknown_and_names_nothing_internal(probe: HttpProbe) -> None:
    # A header the schema would have refused: aiohttp raises ValueError for it.
    async with Site() as site:
        outcome = await probe.run(settings(site.url(), headers={"X-Key": "a\r\nb"}), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR)
    assert outcome.message == "the check failed inside is0k; the log says why"
