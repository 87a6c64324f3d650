"""How is0k asks the URLs of users, from probes and from alert channels: guarded, forgetting, and only once."""

from collections.abc import Mapping

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.abc import AbstractResolver

from is0k.probes.connection import HEADER_BYTES, Connector
from is0k.probes.dialer import WATCH
from is0k.probes.failures import exchange_failure
from is0k.probes.guard import Guard
from is0k.settings import program_version

MAX_HEADERS = 256
# Who asks sets one for all that it does.
NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
PRODUCT = f"is0k/{program_version()}"


def guarded_session(guard: Guard, resolver: AbstractResolver, headers: Mapping[str, str]) -> aiohttp.ClientSession:
    """No cookies kept, no proxy taken from the environment, no body decompressed, no second try."""
    return aiohttp.ClientSession(
        connector=Connector(guard, resolver),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=NO_TIMEOUT,
        headers=headers,
        auto_decompress=False,
        trust_env=False,
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
        max_headers=MAX_HEADERS,
        middlewares=(once,),
    )


async def once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """aiohttp asks a second time when the connection breaks; a monitor that did would hide what visitors see."""
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        raise exchange_failure(WATCH.get().where, error) from error
