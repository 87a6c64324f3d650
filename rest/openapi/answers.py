"""The answers of a route: the envelope with its noun, and a refusal for every status it can have."""

from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, get_origin

from is0k.rest.envelope import refusal
from is0k.rest.openapi.failures import failures
from is0k.rest.openapi.headers import headers
from is0k.rest.openapi.table import is_list, noun_of, said_of
from is0k.rest.row import Row
from is0k.schema.errors import DomainError, ValidationFailed
from is0k.schema.example import Examples
from is0k.schema.json_schema import Json, Schemas
from is0k.schema.page import Page

DETAILS = {
    "type": "array",
    "description": "Every fault, so that one round is enough to put them right.",
    "items": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
        "required": ["field", "code", "message"],
        "additionalProperties": False,
    },
}
TEXT = {"type": "string"}
REQUEST_ID = "9f86d081884c7d65"


class Answers:
    """`named` are the refusals that routes share."""

    def __init__(self, schemas: Schemas, examples: Examples) -> None:
        self.schemas, self.examples = schemas, examples
        self.named: dict[str, Json] = {}

    def of(self, row: Row, links: Json) -> Json:
        answers = {str(row.status): self._success(row) | ({"links": links} if links else {})}
        if is_single_read(row):
            answers["304"] = {"description": "What you have still holds.", "headers": headers("ETag", "Cache-Control")}
        by_status = defaultdict[int, list[DomainError]](list)
        for error in failures(row):
            by_status[error.http_status].append(error)
        return answers | {str(status): self._refused(status, errors) for status, errors in by_status.items()}

    def _success(self, row: Row) -> Json:
        noun = self.schemas.of(noun_of(row))
        data = {"type": "array", "items": noun} if is_list(row) else noun
        example: Any = self.examples.of(noun)
        envelope = _envelope(data, {"type": "null"})
        shown = {"data": [example] if is_list(row) else example, "error": None}
        return {
            "description": said_of(row),
            "headers": headers(*_headers(row)),
            "content": {"application/json": {"schema": envelope, "example": shown}},
        }

    def _refused(self, status: int, errors: Sequence[DomainError]) -> Json:
        name = "Or".join(dict.fromkeys(_name(error) for error in errors))
        codes = list(dict.fromkeys(error.code for error in errors))
        if name not in self.named:
            shown = {_name(error): {"summary": error.code, "value": refusal(error, REQUEST_ID)} for error in errors}
            has_details = any(isinstance(error, ValidationFailed) for error in errors)
            content = {"schema": _envelope({"type": "null"}, _error(codes, has_details)), "examples": shown}
            self.named[name] = {
                "description": HTTPStatus(status).phrase,
                "headers": headers(*dict.fromkeys(name for error in errors for name in error.headers)),
                "content": {"application/json": content},
            }
        return {"$ref": f"#/components/responses/{name}"}


def is_single_read(row: Row) -> bool:
    return row.method == "GET" and not is_list(row)


def _headers(row: Row) -> list[str]:
    if is_single_read(row):
        return ["ETag", "Cache-Control"]
    if row.method == "POST":
        return [*(["Location"] if row.status == 201 else []), "Idempotency-Replayed"]
    return ["Link", "X-Next-Cursor", "X-Total-Count"] if get_origin(row.verb.returns) is Page else []


def _name(error: DomainError) -> str:
    """The class, and the code where one class has several."""
    own = error.code.title().replace("_", "")
    return own if "code" in vars(error) else type(error).__name__


def _envelope(data: Json, error: Json) -> Json:
    return {
        "type": "object",
        "properties": {"data": data, "error": error},
        "required": ["data", "error"],
        "additionalProperties": False,
    }


def _error(codes: list[str], has_details: bool) -> Json:
    details = {"details": DETAILS} if has_details else {}
    properties = {"code": TEXT | {"enum": codes}, "message": TEXT, **details, "requestId": TEXT}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
