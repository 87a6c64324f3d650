"""`ETag`, `If-None-Match` and `If-Match` (RFC 9110 §13). Why a tag has two parts: docs/decisions/0005-etags.md."""

import hashlib
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from is0k.schema.version import version

TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
TAGS = re.compile(rf"\s*{TAG.pattern}(?:\s*,\s*{TAG.pattern})*\s*")


def tag(response: Response, noun: Any) -> Response:
    """Say which state of the noun this is: the version that edits change, and what all of it looks like."""
    look = hashlib.blake2b(bytes(response.body), digest_size=9).hexdigest()
    updated_at = getattr(noun, "updated_at", None)
    response.headers["ETag"] = f'"{version(updated_at)}-{look}"' if updated_at else f'"{look}"'
    # Only the caller's own cache may keep it, and has to ask each time whether it still holds.
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def unless_known(request: Request, response: Response) -> Response:
    """304 without a body when the caller has this already."""
    given = request.headers.get("if-none-match")
    if given is None:
        return response
    known = _opaque(given)
    if known is not None and response.headers["ETag"].strip('"') not in known:
        return response
    kept = {name: value for name, value in response.headers.items() if name in ("etag", "cache-control")}
    return Response(status_code=304, headers=kept)


def if_match(request: Request) -> frozenset[str] | None:
    """The versions the caller is ready to change; None when any will do."""
    given = request.headers.get("if-match")
    tags = None if given is None else _opaque(given)
    # A proxy that compresses appends to a tag, or makes it weak; the version in front stays.
    return None if tags is None else frozenset(opaque.partition("-")[0] for opaque in tags)


def _opaque(header: str) -> set[str] | None:
    """The tags without quotes and weakness; None for `*`. What is no list of tags names none."""
    if header.strip() == "*":
        return None
    return set(TAG.findall(header)) if TAGS.fullmatch(header) else set()
