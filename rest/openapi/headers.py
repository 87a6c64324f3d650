"""The headers of answers, and those a request may carry."""

from is0k.rest.row import Row
from is0k.schema.json_schema import Json


def _header(description: str, kind: str = "string", **schema: object) -> Json:
    return {"description": description, "schema": {"type": kind, **schema}}


HEADERS: dict[str, Json] = {
    "X-Request-Id": _header("What this request is called in the server's log.", pattern="^[A-Za-z0-9._-]{1,64}$")
    | {"required": True, "example": "9f86d081884c7d65"},
    "X-RateLimit-Limit": _header("Requests a minute this key may make.", "integer", minimum=0)
    | {"required": True, "example": 1000},
    "X-RateLimit-Remaining": _header("How many of them are left.", "integer", minimum=0)
    | {"required": True, "example": 999},
    "X-RateLimit-Reset": _header("When all are free again, in seconds since the epoch.", "integer", minimum=0)
    | {"required": True, "example": 1795478400},
    "RateLimit": _header("What is left, as the IETF draft says it.")
    | {"required": True, "example": '"default";r=999;t=60'},
    "RateLimit-Policy": _header("The limit, as the IETF draft says it.")
    | {"required": True, "example": '"default";q=1000;w=60'},
    "ETag": _header("The state that is shown: the version that edits change, a dash, and a hash of the body.")
    | {"required": True, "example": '"64a0f1c2b3d4e-9f86d081884c7d6590"'},
    "Cache-Control": _header("How long the answer holds.") | {"required": True, "example": "private, no-cache"},
    "Location": _header("The address of what was made.", format="uri-reference") | {"required": True},
    "Link": _header('The address of the next page, `rel="next"`; absent on the last.'),
    "X-Next-Cursor": _header("The `cursor` of the next page; absent on the last."),
    "X-Total-Count": _header("How many there are over all pages; only with `count=true`.", "integer", minimum=0),
    "Idempotency-Replayed": _header("`true` when this is the answer to an earlier request with the key."),
    "Retry-After": _header("Seconds to wait.", "integer", minimum=0),
    "WWW-Authenticate": _header("How to show a key."),
}
ON_ALL = [name for name in HEADERS if name.startswith(("X-Request", "X-Rate", "Rate"))]


def headers(*names: str) -> Json:
    """References to these, and to those that every answer has."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, *ON_ALL)}


def request_headers(row: Row, is_single_read: bool) -> list[Json]:
    if is_single_read:
        return [_parameter("If-None-Match", "ETags you have; 304 when one of them still holds.")]
    if row.is_edit:
        return [_parameter("If-Match", "The ETag of what you have read; 412 when it was changed since.")]
    if row.method == "POST":
        said = "Any word of your own: within 24 hours the same request is done once, and its repeats get its answer."
        return [_parameter("Idempotency-Key", said, pattern="^[!-~]{1,255}$", examples=["8e03978e-40d5-43dd"])]
    return []


def _parameter(name: str, description: str, **schema: object) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", **schema}}
