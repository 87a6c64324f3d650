"""The `http` monitor: asks for a URL as a visitor would, once, on a new connection."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field, replace
from ssl import SSLContext
from time import perf_counter
from typing import Any

import aiohttp
from aiohttp import ClientResponse
from aiohttp.abc import AbstractResolver
from yarl import URL

from is0k.probes.base import Outcome
from is0k.probes.body import read_body, spellings, text_of
from is0k.probes.certificates import certificate_facts, tls_context
from is0k.probes.dialer import WATCH, ThreadResolver, Watch, milliseconds, time_out
from is0k.probes.failures import Failure
from is0k.probes.guard import Guard
from is0k.probes.session import PRODUCT, guarded_session
from is0k.schema.enums import CheckStatus, KeywordMode, Reason
from is0k.schema.http_settings import HttpSettings

logger = logging.getLogger(__name__)

MAX_REDIRECTS = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))
BODY_BYTES = 256 * 1024
EXCERPT_BYTES = 2 * 1024
# What a bad answer says is worth a moment, not the rest of the time-out.
EXCERPT_SECONDS = 1.0
SHOWN_URL = 500
USER_AGENT = f"{PRODUCT} (+uptime check)"


class HttpProbe:
    """What is measured: `latency_ms` runs from the start of the last request, its DNS, TCP and TLS included, to the
    first byte of its answer. The timings are those of the last request too: `first_byte_ms` is the wait alone, from the
    request sent to the first byte. Only `total_ms` covers the whole check, with redirects and what is read of the body.
    """

    def __init__(
        self, guard: Guard, resolver: AbstractResolver | None = None, *, verifying: SSLContext | None = None
    ) -> None:
        """`verifying` stands in for the context that trusts the system's certificates."""
        self._guard = guard
        self._resolver = resolver or ThreadResolver()
        self._contexts = {True: verifying or tls_context(verify=True), False: tls_context(verify=False)}
        self._session: aiohttp.ClientSession | None = None
        self._closing = False

    async def run(self, settings: HttpSettings, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        visit = Visit(settings)
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._follow(visit)
        except TimeoutError:
            visit.end(time_out(visit.watch, timeout_seconds))
        except Failure as failure:
            stopped = Failure(Reason.INTERNAL_ERROR, "is0k was stopped during the check")
            visit.end(stopped if self._closing else failure)
        except Exception:
            logger.exception("The http probe failed")
            visit.end(Failure(Reason.INTERNAL_ERROR, "the check failed inside is0k; the log says why"))
        return visit.outcome()

    async def close(self) -> None:
        self._closing = True
        if self._session:
            await self._session.close()
        await self._resolver.close()

    async def _follow(self, visit: "Visit") -> None:
        hop = first_hop(visit.settings)
        while True:
            response = await self._ask(hop, visit)
            try:
                following = next_hop(hop, response) if visit.settings.follow_redirects else None
                if following is None:
                    return await visit.judge(response)
            finally:
                response.close()
            visit.redirect(response.status, following)
            hop = following

    async def _ask(self, hop: "Hop", visit: "Visit") -> ClientResponse:
        # Each request has a watch of its own and the last one set is in use: nothing to set back.
        visit.watch = Watch()
        WATCH.set(visit.watch)
        return await self._open_session().request(
            hop.method,
            hop.url,
            headers=hop.headers,
            data=hop.body,
            allow_redirects=False,
            ssl=self._contexts[visit.settings.verify_tls],
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
            self._session = guarded_session(self._guard, self._resolver, headers)
        return self._session


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a check."""

    method: str
    url: URL
    headers: dict[str, str]
    body: str | None
    redirects: int = 0


def first_hop(settings: HttpSettings) -> Hop:
    return Hop(settings.method.value, web_address(settings.url), dict(settings.headers), settings.body or None)


def next_hop(hop: Hop, response: ClientResponse) -> Hop | None:
    """The request a redirect leads to, by the rules of browsers: https://fetch.spec.whatwg.org/#http-redirect-fetch.

    Stricter in one thing: of our headers none goes to another origin, because any may be a credential.
    """
    location = response.headers.get("Location")
    if response.status not in REDIRECTS or not location:
        return None
    if hop.redirects == MAX_REDIRECTS:
        raise Failure(Reason.TOO_MANY_REDIRECTS, f"more than {MAX_REDIRECTS} redirects")
    url = web_address(location, hop.url)
    following = replace(hop, url=url, redirects=hop.redirects + 1)
    if origin(url) != origin(hop.url):
        following = replace(following, headers={})
    if becomes_get(response.status, hop.method):
        kept = {name: value for name, value in following.headers.items() if not name.lower().startswith("content-")}
        following = replace(following, method="GET", body=None, headers=kept)
    return following


def becomes_get(status: int, method: str) -> bool:
    return (status == 303 and method not in ("GET", "HEAD")) or (status in (301, 302) and method == "POST")


def web_address(text: str, base: URL | None = None) -> URL:
    """Without user name and password, which would become a header."""
    try:
        url = base.join(URL(text)) if base else URL(text)
        if url.scheme in ("http", "https") and url.raw_host and url.port:
            return url.with_user(None).with_fragment(None)
    except ValueError:
        pass
    subject = "the redirect's target" if base else "the target"
    raise Failure(Reason.BLOCKED_TARGET, f"{subject} is not an http or https address")


def origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.raw_host, url.port


@dataclass(slots=True)
class Visit:
    """One check under way, and what is known of it so far."""

    settings: HttpSettings
    begun: float = field(default_factory=perf_counter)
    watch: Watch = field(default_factory=Watch)
    redirects: list[dict[str, Any]] = field(default_factory=list)
    status_code: int | None = None
    body: bytearray = field(default_factory=bytearray)
    status: CheckStatus = CheckStatus.UP
    reason: Reason = Reason.OK
    message: str | None = None

    def redirect(self, status: int, hop: Hop) -> None:
        self.redirects.append({"status": status, "url": str(hop.url)[:SHOWN_URL]})

    async def judge(self, response: ClientResponse) -> None:
        self.status_code = response.status
        if not is_expected(response.status, self.settings.expected_status):
            wanted = " or ".join(self.settings.expected_status)
            self.end(Failure(Reason.BAD_STATUS, f"status {response.status}, expected {wanted}"))
            with contextlib.suppress(Failure, TimeoutError):
                async with asyncio.timeout(EXCERPT_SECONDS):
                    await read_body(response, self.body, EXCERPT_BYTES)
        elif self.settings.keyword and response.method != "HEAD":
            await self._look_for(self.settings.keyword, response)

    async def _look_for(self, keyword: str, response: ClientResponse) -> None:
        self.watch.doing = "reading the body"
        found = await read_body(response, self.body, BODY_BYTES, spellings(keyword, response.charset))
        if found is (self.settings.keyword_mode is KeywordMode.CONTAINS):
            return
        if found:
            self.end(Failure(Reason.KEYWORD_PRESENT, f"keyword '{keyword}' is in the body"))
        else:
            looked_at = "first 256 KiB" if len(self.body) == BODY_BYTES else f"all {len(self.body)} bytes"
            message = f"keyword '{keyword}' is missing from the body ({looked_at} looked at)"
            self.end(Failure(Reason.KEYWORD_MISSING, message))

    def end(self, failure: Failure) -> None:
        """The first failure stands: what breaks while we read the excerpt of a bad answer is no longer of interest."""
        if self.reason is Reason.OK:
            self.status, self.reason, self.message = failure.status, failure.reason, failure.message

    def outcome(self) -> Outcome:
        return Outcome(
            status=self.status,
            reason=self.reason,
            message=self.message,
            latency_ms=self.watch.latency_ms,
            timings=self.watch.timings(total_ms=milliseconds(self.begun, perf_counter())),
            status_code=self.status_code,
            detail=self._detail(),
        )

    def _detail(self) -> dict[str, Any]:
        detail: dict[str, Any] = {}
        if self.watch.connected:
            detail["remoteAddress"] = self.watch.where
        if self.redirects:
            detail |= {"finalUrl": self.redirects[-1]["url"], "redirects": self.redirects}
        if self.watch.certificate:
            detail["tls"] = certificate_facts(self.watch.certificate)
        if self.message and self.body:
            detail["bodyExcerpt"] = text_of(self.body[:EXCERPT_BYTES])
        return detail


def is_expected(status: int, expected: list[str]) -> bool:
    return str(status) in expected or f"{status // 100}xx" in expected
