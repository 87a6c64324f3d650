"""From JSON to an input: every fault at once, under its path."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry import UNSET

from is0k.schema import CheckFilter, PageArguments, StatsRange
from is0k.schema.coercion import read, read_text
from is0k.schema.enums import CheckStatus, HttpMethod
from is0k.schema.errors import ValidationFailed
from is0k.schema.rules import Each, Range, Slug, Text, rule
from is0k.schema.scalars import ExpectedStatus

REQUIRED = {"name": "a", "port": 1}


@dataclass
class Inner:
    depth: int
    at: datetime | None = None


@dataclass
class Outer:
    """An input with a field of every kind."""

    name: str = field(metadata=rule(Text(1, 3)))
    port: int = field(metadata=rule(Range(1, 2**40)))
    ratio: float = 0.5
    on: bool = True
    id: strawberry.ID | None = None
    method: HttpMethod = HttpMethod.GET
    expected_status: ExpectedStatus = field(default_factory=lambda: ExpectedStatus(["200"]))
    tags: list[str] = field(default_factory=list, metadata=rule(Each(Slug(), 3)))
    inner: Inner | None = None
    inners: list[Inner] | None = UNSET


def faults(raw: Any, kind: type[Any] = Outer, **options: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refused:
        read(kind, raw, **options)
    return {".".join(fault.field): fault.code for fault in refused.value.faults}


def test_what_is_absent_takes_its_default() -> None:
    assert read(Outer, REQUIRED) == Outer(name="a", port=1)


def test_the_defaults_of_two_readings_are_two() -> None:
    read(Outer, REQUIRED).tags.append("x")

    assert read(Outer, REQUIRED).tags == []


def test_what_is_present_is_read_into_its_type() -> None:
    raw = {
        "name": "a",
        "port": 443,
        "ratio": 0.25,
        "on": False,
        "id": "mon_1",
        "method": "POST",
        "expectedStatus": [200, "3xx"],
        "tags": ["x", "y"],
        "inner": {"depth": 1, "at": "2026-11-23T03:01:07+01:00"},
        "inners": [{"depth": 2}, {"depth": 3}],
    }

    assert read(Outer, raw) == Outer(
        name="a",
        port=443,
        ratio=0.25,
        on=False,
        id=strawberry.ID("mon_1"),
        method=HttpMethod.POST,
        expected_status=ExpectedStatus(["200", "3xx"]),
        tags=["x", "y"],
        inner=Inner(1, datetime(2026, 11, 23, 2, 1, 7, tzinfo=UTC)),
        inners=[Inner(2), Inner(3)],
    )


def test_all_faults_are_told_at_once_shapes_and_rules_alike() -> None:
    raw = {
        "name": "too long",
        "port": "443",
        "ratio": None,
        "on": "yes",
        "method": "get",
        "expectedStatus": "6xx",
        "tags": ["ok", "NOT OK", 5],
        "inner": {"depth": 1.5, "at": "soon", "extra": 1},
        "inners": [{"depth": 2}, {}, "x"],
        "colour": "red",
    }

    assert faults(raw) == {
        "colour": "UNKNOWN_FIELD",
        "name": "BAD_LENGTH",
        "port": "INVALID_TYPE",
        "ratio": "REQUIRED",
        "on": "INVALID_TYPE",
        "method": "INVALID_VALUE",
        "expectedStatus": "INVALID_VALUE",
        "tags.2": "INVALID_TYPE",
        "inner.depth": "INVALID_TYPE",
        "inner.at": "INVALID_VALUE",
        "inner.extra": "UNKNOWN_FIELD",
        "inners.1.depth": "REQUIRED",
        "inners.2": "INVALID_TYPE",
    }


def test_the_faults_are_told_in_the_same_order_every_time() -> None:
    raw = {**REQUIRED, **dict.fromkeys("zyxwvu")}

    assert list(faults(raw)) == list("zyxwvu")


def test_what_is_missing_is_told_once() -> None:
    assert faults({}) == {"name": "REQUIRED", "port": "REQUIRED"}


@pytest.mark.parametrize(
    ("name", "is_nullable"),
    [
        ("id", True),
        ("inner", True),
        ("inners", True),
        ("name", False),
        ("on", False),
        ("method", False),
        ("tags", False),
    ],
)
def test_a_null_is_a_value_only_where_there_may_be_none(name: str, is_nullable: bool) -> None:
    raw = {**REQUIRED, name: None}

    if is_nullable:
        assert getattr(read(Outer, raw), name) is None
    else:
        assert faults(raw) == {name: "REQUIRED"}


def test_absent_and_null_are_two_things() -> None:
    assert read(Outer, REQUIRED).inners is UNSET
    assert read(Outer, {**REQUIRED, "inners": None}).inners is None


@pytest.mark.parametrize("value", [1, 1.0, 2**31 - 1, 2.0**31 - 1])
def test_a_whole_number_may_be_written_with_a_point(value: float) -> None:
    port = read(Outer, {**REQUIRED, "port": value}).port

    assert (port, type(port)) == (int(value), int)


@pytest.mark.parametrize("value", [1.5, "1", True, [1], {}, 2**31, 2.0**31, 1e300, float("inf"), float("nan")])
def test_what_is_no_whole_number_of_31_bits_is_refused(value: object) -> None:
    assert faults({**REQUIRED, "port": value}) == {"port": "INVALID_TYPE"}


@pytest.mark.parametrize(("name", "value"), [("ratio", True), ("ratio", "0.5"), ("on", 1), ("on", "true"), ("on", 0)])
def test_a_number_a_word_and_a_truth_are_three_things(name: str, value: object) -> None:
    assert faults({**REQUIRED, name: value}) == {name: "INVALID_TYPE"}


def test_a_number_may_be_whole() -> None:
    ratio = read(Outer, {**REQUIRED, "ratio": 2}).ratio

    assert (ratio, type(ratio)) == (2.0, float)


@pytest.mark.parametrize("value", ["get", "HttpMethod.GET", "", 1, ["GET"], {"GET": 1}])
def test_a_word_that_is_not_one_of_the_set_is_told_which_are(value: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read(Outer, {**REQUIRED, "method": value})

    [fault] = refused.value.faults
    assert fault.message == "Must be one of: GET, POST, PUT, HEAD, OPTIONS, PATCH, DELETE"


@pytest.mark.parametrize("value", ["x", {"0": "x"}, 1, True])
def test_a_list_is_a_list(value: object) -> None:
    assert faults({**REQUIRED, "tags": value}) == {"tags": "INVALID_TYPE"}


@pytest.mark.parametrize("raw", [[], "x", 1, None])
def test_an_input_is_an_object(raw: object) -> None:
    assert faults(raw) == {"": "INVALID_TYPE"}


def test_names_that_a_write_cannot_change_are_passed_over_in_their_place_only() -> None:
    raw = {**REQUIRED, "createdAt": "x", "inners": [{"depth": 1, "createdAt": "x"}, {"depth": 1, "place": 0}]}

    assert faults(raw, ignored=frozenset(["createdAt", "inners.place"])) == {"inners.0.createdAt": "UNKNOWN_FIELD"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["name", "port", "ratio", "on", "id", "method", "expectedStatus", "tags", "inner", "inners", "x"]
)


@given(st.dictionaries(names, json_values))
def test_any_json_is_read_or_refused(raw: dict[str, Any]) -> None:
    with suppress(ValidationFailed):
        assert isinstance(read(Outer, raw), Outer)


@strawberry.input
class Listed:
    counts: list[int] | None = None


def text_faults(kind: type[Any], **raw: str) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refused:
        read_text(kind, raw)
    return {".".join(fault.field): fault.code for fault in refused.value.faults}


def test_a_query_string_is_read_by_the_same_rules() -> None:
    page = {"limit": "7", "cursor": "12", "count": "true", "status": "not ours"}

    assert read_text(PageArguments, page) == PageArguments(limit=7, cursor="12", count=True)
    assert read_text(CheckFilter, {"from": "2026-11-23T00:00:00Z", "status": "down"}) == CheckFilter(
        from_=datetime(2026, 11, 23, tzinfo=UTC), status=CheckStatus.DOWN
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0", "OUT_OF_RANGE"),
        ("251", "OUT_OF_RANGE"),
        ("-1", "OUT_OF_RANGE"),
        ("", "INVALID_TYPE"),
        ("x", "INVALID_TYPE"),
        ("1.5", "INVALID_TYPE"),
        ("1_0", "INVALID_TYPE"),
        ("٣", "INVALID_TYPE"),
        ("true", "INVALID_TYPE"),
        ("[1]", "INVALID_TYPE"),
        ("9" * 5_000, "INVALID_TYPE"),
        ("null", "INVALID_TYPE"),
    ],
)
def test_a_number_in_a_query_string_is_written_as_in_json(text: str, code: str) -> None:
    assert text_faults(PageArguments, limit=text) == {"limit": code}


@pytest.mark.parametrize("text", ["1", "yes", "True", ""])
def test_a_truth_in_a_query_string_is_true_or_false(text: str) -> None:
    assert text_faults(PageArguments, count=text) == {"count": "INVALID_TYPE"}


def test_a_query_string_has_no_word_for_null() -> None:
    assert text_faults(StatsRange, buckets="null") == {"buckets": "INVALID_TYPE"}


def test_a_list_in_a_query_string_is_a_name_that_stands_several_times() -> None:
    assert read_text(Listed, {"counts": ["1", "2"]}) == Listed(counts=[1, 2])
    assert read_text(Listed, {"counts": "1"}) == Listed(counts=[1])


def test_a_filter_of_a_query_string_tells_all_its_faults() -> None:
    found = text_faults(CheckFilter, **{"from": "yesterday", "status": "DOWN", "region": "NO"})

    assert found == {"from": "INVALID_VALUE", "status": "INVALID_VALUE", "region": "BAD_SLUG"}
