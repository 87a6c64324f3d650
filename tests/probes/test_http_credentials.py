"""Basic authentication goes to whom it was given for, and to nobody else."""

import base64

import pytest

from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus
from is0k.schema.http_settings import BasicAuth
from is0k.tests.probes.site import Site, page, redirect, settings

pytestmark = pytest.mark.anyio

MONITOR = BasicAuth(username="monitor", password="pässword:1")
SENT = "Basic " + base64.b64encode("monitor:pässword:1".encode()).decode()


async def test_user_name_and_password_are_sent_in_utf_8(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        outcome = await probe.run(settings(site.url(), basic_auth=MONITOR), 5)

    assert outcome.status is CheckStatus.UP
    assert site.requests[0].headers["authorization"] == SENT


async def test_a_redirect_within_the_origin_takes_them_along(probe: HttpProbe) -> None:
    async with Site({"/": redirect("/b"), "/b": page()}) as site:
        await probe.run(settings(site.url(), basic_auth=MONITOR), 5)

    assert [request.headers.get("authorization") for request in site.requests] == [SENT, SENT]


@pytest.mark.parametrize("other", ["other.test", "127.0.0.1"])
async def test_a_redirect_to_another_origin_does_not_nor_does_the_way_back(probe: HttpProbe, other: str) -> None:
    async with Site() as second, Site() as first:
        first.answers = {"/": redirect(second.url("/b", other)), "/c": page()}
        second.answers = {"/b": redirect(first.url("/c"))}
        outcome = await probe.run(settings(first.url(), basic_auth=MONITOR), 5)

    assert outcome.status is CheckStatus.UP
    assert [request.headers.get("authorization") for request in first.requests] == [SENT, None]
    assert [request.headers.get("authorization") for request in second.requests] == [None]


async def test_without_them_none_are_sent(probe: HttpProbe) -> None:
    async with Site({"/": page()}) as site:
        await probe.run(settings(site.url()), 5)

    assert "authorization" not in site.requests[0].headers


async def test_they_are_in_nothing_that_is_kept(probe: HttpProbe) -> None:
    async with Site({"/": page(b"no", 401, www_authenticate="Basic")}) as site:
        outcome = await probe.run(settings(site.url(), basic_auth=MONITOR), 5)

    assert outcome.message == "status 401, expected 200"
    assert SENT[6:] not in str(outcome)
    assert MONITOR.password not in str(outcome)
