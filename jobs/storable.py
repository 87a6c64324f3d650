"""What a target says may hold anything; a database takes only Unicode, and PostgreSQL no NUL."""

from dataclasses import replace
from typing import Any

import orjson

from is0k.probes.base import Outcome


def storable(outcome: Outcome) -> Outcome:
    """The outcome as it can be stored. Nearly always it is that already."""
    try:
        # Quicker than a look at every part: JSON spells NUL this way, and refuses what is not Unicode or not JSON.
        is_storable = b"\\u0000" not in orjson.dumps((outcome.message, outcome.detail))
    except TypeError:
        is_storable = False
    return outcome if is_storable else replace(outcome, message=_plain(outcome.message), detail=_plain(outcome.detail))


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | float():
            return value
        case int() if -(2**63) <= value < 2**63:
            return value
        case dict():
            return {_text(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return _text(value)


def _text(value: object) -> str:
    return str(value).encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
