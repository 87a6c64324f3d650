"""How channels reach the URLs of users: guarded, on a new connection, redirects not followed."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext

import aiohttp
from aiohttp.abc import AbstractResolver

from is0k.channels.refusal import Refused
from is0k.probes.body import read_body, text_of
from is0k.probes.certificates import tls_context
from is0k.probes.dialer import WATCH, ThreadResolver, Watch, time_out
from is0k.probes.failures import Failure
from is0k.probes.guard import Guard
from is0k.probes.hops import web_address
from is0k.probes.session import PRODUCT, guarded_session

TIMEOUT_SECONDS = 15.0
ANSWER_BYTES = 1024
BODY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is the first kilobyte of the body."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        """For the receipt or the refusal, which are cut and cleaned of credentials before anybody sees them."""
        is_plain = self.is_good or not self.text
        return f"answered {self.status}" if is_plain else f"answered {self.status}: {self.text}"


class Http:
    def __init__(
        self,
        guard: Guard,
        resolver: AbstractResolver | None = None,
        *,
        verifying: SSLContext | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """`verifying` stands in for the context that trusts the system's certificates."""
        self._guard, self._resolver = guard, resolver or ThreadResolver()
        self._context = verifying or tls_context(verify=True)
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Any status is an Answer. Raises Refused when there is none."""
        watch = Watch()
        WATCH.set(watch)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._post(url, body, headers)
        except TimeoutError:
            raise Refused(time_out(watch, self._timeout_seconds).message) from None
        except Failure as failure:
            raise Refused(failure.message) from failure

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        response = await self._open_session().post(
            web_address(url), data=body, headers=headers, allow_redirects=False, ssl=self._context
        )
        text = bytearray()
        try:
            # The status is the answer: a body that breaks off or never ends must not have the message sent again.
            with contextlib.suppress(Failure, TimeoutError):
                async with asyncio.timeout(BODY_SECONDS):
                    await read_body(response, text, ANSWER_BYTES)
        finally:
            response.close()
        return Answer(response.status, response.headers, text_of(text))

    async def close(self) -> None:
        if self._session:
            await self._session.close()
        await self._resolver.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"User-Agent": PRODUCT, "Accept-Encoding": "identity"}
            self._session = guarded_session(self._guard, self._resolver, headers)
        return self._session
