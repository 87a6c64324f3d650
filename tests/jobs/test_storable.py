"""Whatever a target says can be stored; what is plain already is not touched."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.jobs.storable import storable
from is0k.probes.base import Outcome
from is0k.schema.enums import CheckStatus, Reason

letters = st.characters() | st.sampled_from("\0\ud800")
words = st.text(letters, max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words | st.binary(max_size=5)
keys = words | st.integers()
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(keys, scalars, max_size=3)
details = st.dictionaries(keys, values, max_size=4)


def outcome(message: str | None = None, **detail: Any) -> Outcome:
    return Outcome(CheckStatus.DOWN, Reason.BAD_STATUS, message, detail=detail)


def test_a_plain_outcome_is_the_same_object() -> None:
    plain = outcome("status 503", certificate={"names": ["shop.example", None, 1, 2.5, True]})

    assert storable(plain) is plain


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),  # NUL: no text of PostgreSQL may hold it
        ("a\ud800b", "a?b"),  # half of a character
        ("\\u0000", "\\u0000"),  # six letters, and harmless
    ],
)
def test_text_that_no_database_takes_is_replaced(said: str, stored: str) -> None:
    cleaned = storable(outcome(said, **{said: [said, {"inner": (said,)}]}))

    assert cleaned.message == stored
    assert cleaned.detail == {stored: [stored, {"inner": [stored]}]}


def test_what_is_not_json_becomes_its_text() -> None:
    cleaned = storable(outcome(raw=b"\xff", number=2**64, seen=object))

    assert cleaned.detail == {
        "raw": "b'\\xff'",
        "number": "18446744073709551616",
        "seen": "<class 'object'>",
    }


@given(st.none() | words, details)
def test_after_it_everything_can_be_stored(message: str | None, detail: dict[Any, Any]) -> None:
    cleaned = storable(Outcome(CheckStatus.DOWN, Reason.BAD_STATUS, message, detail=detail))

    json = orjson.dumps(cleaned.detail)
    assert orjson.loads(json) is not None
    for text in (cleaned.message or "", json.decode()):
        assert "\0" not in text
        text.encode()
    assert all("\0" not in part for part in texts(orjson.loads(json)))


def texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for part in pair for text in texts(part)]
        case list():
            return [text for part in value for text in texts(part)]
        case _:
            return []
