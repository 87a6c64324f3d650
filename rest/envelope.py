"""The envelope: every answer is `{"data": …, "error": null}` or `{"data": null, "error": {…}}`, never a third key."""

from typing import Any

import orjson
from starlette.responses import Response

from is0k.schema.errors import DomainError, ValidationFailed


def success(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return _response({"data": data, "error": None}, status, headers)


def failure(error: DomainError, request_id: str) -> Response:
    return _response(refusal(error, request_id), error.http_status, dict(error.headers))


def refusal(error: DomainError, request_id: str) -> dict[str, Any]:
    """The body of an answer that is no."""
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if isinstance(error, ValidationFailed):
        told["details"] = error.details
    return {"data": None, "error": told | {"requestId": request_id}}


def _response(body: dict[str, Any], status: int, headers: dict[str, str] | None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
