"""`Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): a repeat gets the first answer again."""

import hashlib
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from is0k.resolvers.context import Context
from is0k.resolvers.idempotency import Answer, once
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault, Verbatim

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("content-type", "location")


def idempotency_key(request: Request) -> str | None:
    """Raises ValidationFailed for one that cannot be a key."""
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    if len(given) > 1 or not KEY.fullmatch(given[0]):
        message = "Must be one word of 1 to 255 visible ASCII characters"
        raise ValidationFailed([Fault((Verbatim(HEADER),), "BAD_KEY", message)])
    return given[0]


async def only_once(
    request: Request, ctx: Context, key: str, body: bytes, run: Callable[[], Awaitable[Response]]
) -> Response:
    """Raises IdempotencyKeyReused, and whatever `run` does."""

    async def answer() -> Answer:
        response = await run()
        headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
        return Answer(response.status_code, headers, bytes(response.body).decode())

    kept, is_replayed = await once(ctx, key, fingerprint(request, body), answer)
    replayed = {"Idempotency-Replayed": "true"} if is_replayed else {}
    return Response(kept.body, kept.status, {**kept.headers, **replayed})


def fingerprint(request: Request, body: bytes) -> bytes:
    """Method, path, query and body, so that no two requests that differ have the same."""
    line = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(line + body).digest()
