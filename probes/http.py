"""The `http` monitor: asks for a URL as a visitor would, once, on a new connection."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ssl import SSLContext
from time import perf_counter
from typing import Any

import aiohttp
from aiohttp import ClientResponse
from aiohttp.abc import AbstractResolver

from is0k.probes.base import NO_FACTS, Facts, Outcome
from is0k.probes.body import BODY_BYTES, EXCERPT_BYTES, read_body, spellings, text_of
from is0k.probes.certificates import certificate_facts, days_left, expires_soon, expiry_words, tls_context
from is0k.probes.dialer import WATCH, ThreadResolver, Watch, milliseconds, time_out
from is0k.probes.failures import Failure
from is0k.probes.guard import Guard
from is0k.probes.hops import Hop, first_hop, next_hop
from is0k.probes.session import PRODUCT, guarded_session
from is0k.schema.enums import CheckStatus, KeywordMode, Reason
from is0k.schema.http_settings import HttpSettings

logger = logging.getLogger(__name__)

# What a bad answer says is worth a moment, not the rest of the time-out.
EXCERPT_SECONDS = 1.0
SHOWN_URL = 500
SHOWN_HEADER = 200
# What tells one server, proxy or cache from another. Nothing that may be a credential, such as cookies.
SHOWN_HEADERS = (
    "server",
    "content-type",
    "location",
    "retry-after",
    "via",
    "age",
    "cache-control",
    "x-cache",
    "x-powered-by",
    "x-served-by",
    "cf-ray",
    "cf-cache-status",
    "x-amz-cf-id",
    "x-amz-cf-pop",
    "x-varnish",
)
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
        visit = Visit(settings, wants_body)
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
                visit.note_certificate(hop)
                following = next_hop(hop, response) if visit.settings.follow_redirects else None
                if following is None:
                    return await visit.judge(response)
            finally:
                response.close()
            visit.redirect(response.status, following)
            hop = following

    async def _ask(self, hop: "Hop", visit: "Visit") -> ClientResponse:
        # Each request has a watch of its own and the last one set is in use: nothing to set back.
        visit.watch = Watch(ip_version=visit.settings.ip_version)
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


@dataclass(slots=True)
class Visit:
    """One check under way, and what is known of it so far."""

    settings: HttpSettings
    wants_body: bool = False
    begun: float = field(default_factory=perf_counter)
    watch: Watch = field(default_factory=Watch)
    redirects: list[dict[str, Any]] = field(default_factory=list)
    status_code: int | None = None
    headers: Mapping[str, str] | None = None
    certificate_days: float | None = None
    expiring: str | None = None
    body: bytearray = field(default_factory=bytearray)
    status: CheckStatus = CheckStatus.UP
    reason: Reason = Reason.OK
    message: str | None = None

    def redirect(self, status: int, hop: Hop) -> None:
        self.redirects.append({"status": status, "url": str(hop.url)[:SHOWN_URL]})

    def note_certificate(self, hop: Hop) -> None:
        """Of every hop: a visitor who meets one that has expired on the way does not get to the end of it."""
        if (der := self.watch.certificate) is None:
            return
        now = datetime.now(UTC)
        days = days_left(der, now)
        if days is None or (self.certificate_days is not None and self.certificate_days <= days):
            return
        self.certificate_days = days
        self.expiring = expiry_words(hop.url.host or "", der, now) if expires_soon(der, now) else None

    async def judge(self, response: ClientResponse) -> None:
        self.status_code, self.headers = response.status, joined(response.headers)
        if not is_expected(response.status, self.settings.expected_status):
            wanted = " or ".join(self.settings.expected_status)
            self.end(Failure(Reason.BAD_STATUS, f"status {response.status}, expected {wanted}"))
            with contextlib.suppress(Failure, TimeoutError):
                async with asyncio.timeout(EXCERPT_SECONDS):
                    await read_body(response, self.body, EXCERPT_BYTES)
        elif response.method != "HEAD" and (self.settings.keyword or self.wants_body):
            await self._read(response)

    async def _read(self, response: ClientResponse) -> None:
        """Assertions want all of it, a keyword only as much as holds it."""
        self.watch.doing = "reading the body"
        keyword = self.settings.keyword
        needles = spellings(keyword, response.charset) if keyword else ()
        found = await read_body(response, self.body, BODY_BYTES, () if self.wants_body else needles)
        if keyword:
            self._look_for(keyword, found or any(needle in self.body for needle in needles))

    def _look_for(self, keyword: str, found: bool) -> None:
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
        if self.reason is Reason.OK and self.expiring:
            # Also where nobody verifies it: then it is not what makes the site fail, but the owner wants to know.
            self.status, self.reason, self.message = CheckStatus.DEGRADED, Reason.TLS_EXPIRING, self.expiring
        return Outcome(
            status=self.status,
            reason=self.reason,
            message=self.message,
            latency_ms=self.watch.latency_ms,
            timings=self.watch.timings(total_ms=milliseconds(self.begun, perf_counter())),
            status_code=self.status_code,
            detail=self._detail(),
            facts=self._facts(),
        )

    def _facts(self) -> Facts:
        watch = self.watch
        if not watch.connected:
            return NO_FACTS
        return Facts(
            headers=self.headers,
            body=bytes(self.body) if self.wants_body else None,
            certificate_days=self.certificate_days,
            address=watch.where.rpartition(":")[0].strip("[]"),
        )

    def _detail(self) -> dict[str, Any]:
        detail: dict[str, Any] = {}
        if self.watch.connected:
            detail["remoteAddress"] = self.watch.where
        if self.watch.addresses:
            detail["addresses"] = sorted(self.watch.addresses)
        if self.redirects:
            detail |= {"finalUrl": self.redirects[-1]["url"], "redirects": self.redirects}
        if self.watch.certificate:
            detail["tls"] = certificate_facts(self.watch.certificate)
        if self.headers:
            shown = {name: self.headers[name][:SHOWN_HEADER] for name in SHOWN_HEADERS if name in self.headers}
            if shown:
                detail["headers"] = shown
        if self.status is CheckStatus.DOWN and self.body:
            detail["bodyExcerpt"] = text_of(self.body[:EXCERPT_BYTES])
        return detail


def is_expected(status: int, expected: list[str]) -> bool:
    return str(status) in expected or f"{status // 100}xx" in expected


def joined(headers: Mapping[str, str]) -> dict[str, str]:
    """By their names in lower case; what stands several times is one list (RFC 9110 §5.2)."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        name = name.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
