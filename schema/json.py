"""JSON from strangers: one object, in which every name stands once."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson


def parse_object(text: bytes) -> Mapping[str, Any]:
    """Raises ValueError, with words for whoever wrote it."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"The body is not JSON: {error}") from None
    if not isinstance(value, Mapping):
        raise ValueError("The body must be a JSON object")
    _refuse_twins(text)
    return value


def _refuse_twins(text: bytes) -> None:
    """Of two members with one name parsers take the first or the last: what was meant cannot be told (RFC 8259 §4)."""
    try:
        json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("The body is not JSON that is0k reads: it is nested too deeply") from None


def _once(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        seen = set[str]()
        twin = next(name for name, _ in members if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f'The body is not JSON that is0k reads: "{twin}" stands twice in one object')
    return found
