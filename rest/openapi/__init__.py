"""The OpenAPI 3.1 document, made from the route table and the types. Nothing in here names a route or a field."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from is0k.rest.openapi.answers import Answers
from is0k.rest.openapi.headers import HEADERS
from is0k.rest.openapi.operations import operation
from is0k.rest.openapi.table import Table, title
from is0k.rest.row import Row
from is0k.schema.example import Examples
from is0k.schema.json_schema import Json, Schemas
from is0k.settings import program_version

ABOUT = """Every answer is an envelope with two members, `data` and `error`, of which one is null.

Names are camelCase, times are UTC (RFC 3339), ids carry the prefix of their noun. PUT and PATCH are the same: what is
present is set, what is absent is kept, null goes back to the default. An `ETag` says which state was read; `If-Match`
lets an edit change that state only. A POST with an `Idempotency-Key` may be sent again without being done again.
"""


def document(rows: Sequence[Row], prefix: str) -> Json:
    table = Table(rows)
    schemas = Schemas(table.variants)
    answers = Answers(schemas, Examples(schemas.named))
    paths: dict[str, Json] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = operation(row, table, schemas, answers)
    whole = {
        "openapi": "3.1.1",
        "info": _info(),
        "servers": [{"url": prefix, "description": "This server"}],
        "security": [{"apiKey": []}],
        "tags": list(_tags(table)),
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.named.items())),
            "responses": dict(sorted(answers.named.items())),
            "headers": HEADERS,
            "securitySchemes": {"apiKey": _key()},
        },
    }
    _leave_out_unused(whole)
    return whole


def _leave_out_unused(whole: Json) -> None:
    """An input that is only taken as part of another, in a form of its own there, has been named and is not meant."""
    schemas = whole["components"]["schemas"]
    text = orjson.dumps(whole)
    for name in [name for name in schemas if f'"#/components/schemas/{name}"'.encode() not in text]:
        del schemas[name]


def _info() -> Json:
    return {
        "title": "is0k",
        "summary": "Uptime monitoring that does not lie",
        "description": ABOUT,
        "version": program_version(),
        "license": {"name": "MIT", "identifier": "MIT"},
        "contact": {"name": "is0k", "url": "https://github.com/is0k/is0k"},
    }


def _key() -> Json:
    made = "An API key, made in the dashboard under Settings → API Keys: `Authorization: Bearer is0k_live_…`"
    return {"type": "http", "scheme": "bearer", "description": made}


def _tags(table: Table) -> Iterator[dict[str, Any]]:
    """What a noun is says the first paragraph of the module that defines it."""
    for collection, noun in table.nouns.items():
        said = (sys.modules[noun.__module__].__doc__ or noun.__name__).partition("\n\n")[0]
        yield {"name": title(collection), "description": " ".join(said.split())}
