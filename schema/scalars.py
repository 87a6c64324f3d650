"""Values with a form of their own in JSON. GraphQL and REST read and write them with the same functions."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

ExpectedStatus = NewType("ExpectedStatus", list[str])
StringMap = NewType("StringMap", dict[str, str])

STATUS = re.compile(r"[1-5](xx|[0-9]{2})")


def rfc3339(moment: datetime) -> str:
    """`2026-11-23T03:01:07.250Z`."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_datetime(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("Must be a time such as 2026-11-23T03:01:07Z")
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # in UTC the year 1 may be the year 0
        raise ValueError("Must be a time such as 2026-11-23T03:01:07Z") from None
    raise ValueError("Must name its time zone, as in 2026-11-23T03:01:07Z")


def parse_expected_status(value: Any) -> ExpectedStatus:
    items = value if isinstance(value, list) else [value]
    words = [_status_word(item) for item in items if isinstance(item, int | float | str) and not isinstance(item, bool)]
    if not words or len(words) < len(items) or len(words) > 20 or not all(STATUS.fullmatch(word) for word in words):
        raise ValueError("Must be a status code such as 200, a class such as '2xx', or a list of up to 20 of them")
    return ExpectedStatus(list(dict.fromkeys(words)))


def _status_word(item: float | str) -> str:
    return str(int(item) if isinstance(item, float) and item.is_integer() else item).lower()


def show_expected_status(value: ExpectedStatus) -> int | str | list[int | str]:
    shown: list[int | str] = [int(word) if word.isdigit() else word for word in value]
    return shown[0] if len(shown) == 1 else shown


def parse_string_map(value: Any) -> StringMap:
    if not isinstance(value, Mapping) or not all(isinstance(part, str) for pair in value.items() for part in pair):
        raise ValueError("Must be an object whose values are strings")
    return StringMap(dict(value))


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, RFC 3339: 2026-11-23T03:01:07.250Z.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=rfc3339,
        parse_value=parse_datetime,
    ),
    ExpectedStatus: strawberry.scalar(
        name="ExpectedStatus",
        description='A status code (200), a class ("2xx"), or a list of them.',
        serialize=show_expected_status,
        parse_value=parse_expected_status,
    ),
    StringMap: strawberry.scalar(
        name="StringMap",
        description="A JSON object whose values are strings.",
        serialize=dict,
        parse_value=parse_string_map,
    ),
}

STATUS_SCHEMAS = [
    {"type": "integer", "minimum": 100, "maximum": 599, "examples": [200]},
    {"type": "string", "pattern": "^[1-5]([xX][xX]|[0-9][0-9])$", "examples": ["2xx"]},
]
# How each stands in JSON.
JSON_SCHEMAS: dict[object, dict[str, Any]] = {
    datetime: {"type": "string", "format": "date-time"},
    ExpectedStatus: {
        "anyOf": [*STATUS_SCHEMAS, {"type": "array", "items": {"anyOf": STATUS_SCHEMAS}, "minItems": 1, "maxItems": 20}]
    },
    StringMap: {"type": "object", "additionalProperties": {"type": "string"}},
}
