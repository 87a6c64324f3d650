"""The OpenAPI document as it is served, at `/api/v1/openapi.json`: without a key, and in no envelope."""

import hashlib
from collections.abc import Sequence
from functools import cached_property

import orjson
from starlette.requests import Request
from starlette.responses import Response

from is0k.rest.conditional import unless_known
from is0k.rest.openapi import document
from is0k.rest.row import Row

PATH = "/openapi.json"


class Document:
    """Built when it is first asked for."""

    def __init__(self, rows: Sequence[Row], prefix: str) -> None:
        self.rows, self.prefix = rows, prefix

    @cached_property
    def body(self) -> bytes:
        return orjson.dumps(document(self.rows, self.prefix), option=orjson.OPT_INDENT_2)

    @cached_property
    def tag(self) -> str:
        return f'"{hashlib.blake2b(self.body, digest_size=9).hexdigest()}"'

    def respond(self, request: Request) -> Response:
        headers = {"ETag": self.tag, "Cache-Control": "public, max-age=300"}
        return unless_known(request, Response(self.body, 200, headers, media_type="application/json"))
