"""What can be asserted of what: every fault at once, with its place in the tree."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.schema import CreateMonitorInput, PreviewMonitorInput, UpdateMonitorInput
from is0k.schema.assertion import OPS, SOURCES, Assertion, from_stored, number, to_stored
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import AssertionOp, AssertionSource, MonitorType
from is0k.schema.errors import ValidationFailed

HTTP = {"name": "Shop", "type": "http", "url": "https://shop.example"}
TARGETS: dict[MonitorType, dict[str, Any]] = {
    MonitorType.HTTP: {"url": "https://shop.example"},
    MonitorType.TCP: {"host": "db.example", "port": 5432},
    MonitorType.PING: {"host": "db.example"},
    MonitorType.DNS: {"host": "db.example"},
    MonitorType.TLS: {"host": "db.example"},
    MonitorType.HEARTBEAT: {"periodSeconds": 60},
}
OK = {"source": "status", "op": "eq", "target": "200"}


def leaf(source: str, op: str, target: str | None = None, path: str | None = None) -> dict[str, Any]:
    given = {"source": source, "op": op, "target": target, "path": path}
    return {name: value for name, value in given.items() if value is not None}


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = OK
    for _ in range(levels - 1):
        node = {"not": node}
    return node


def faults(*assertions: Any, type: MonitorType = MonitorType.HTTP) -> dict[str, str]:
    """Place below `assertions` and code of each fault."""
    body = {"name": "Shop", "type": type.value, **TARGETS[type], "assertions": list(assertions)}
    try:
        read(CreateMonitorInput, body, Flat(MonitorType))
    except ValidationFailed as refused:
        return {".".join(fault.field).removeprefix("assertions."): fault.code for fault in refused.faults}
    return {}


def test_every_fault_is_told_at_once_and_where_it_is() -> None:
    found = faults(
        leaf("status", "contains", "2"),
        {"all": [leaf("latency", "lt", "fast"), {"any": [leaf("header", "eq", "x"), leaf("body", "matches", "(")]}]},
        {"not": leaf("json", "exists", "x", path="status")},
        leaf("packet_loss", "lt", "5"),
    )

    assert found == {
        "0.op": "NOT_ALLOWED",
        "1.all.0.target": "BAD_NUMBER",
        "1.all.1.any.0.path": "REQUIRED",
        "1.all.1.any.1.target": "BAD_PATTERN",
        "2.not.path": "BAD_PATH",
        "2.not.target": "NOT_ALLOWED",
        "3.source": "NOT_ALLOWED",
    }


def test_faults_of_shape_and_of_meaning_are_told_together() -> None:
    found = faults({"source": "weather", "op": "eq", "target": 5}, {"any": [{"op": "lt", "target": "x"}], "x": 1})

    assert found == {
        "0.source": "INVALID_VALUE",
        "0.target": "INVALID_TYPE",
        "1.any.0.source": "REQUIRED",
        "1.any.0.target": "BAD_NUMBER",
        "1.x": "UNKNOWN_FIELD",
    }


@pytest.mark.parametrize(
    ("assertion", "code"),
    [
        ({}, "REQUIRED"),
        ({"all": [OK], "any": [OK]}, "CONFLICT"),
        ({"not": OK, **OK}, "CONFLICT"),
        ({"not": OK, "target": "x"}, "CONFLICT"),
    ],
)
def test_a_node_is_a_comparison_or_one_group(assertion: Any, code: str) -> None:
    assert faults(assertion) == {"0": code}


def test_a_group_of_none_is_refused() -> None:
    assert faults({"all": []}, {"any": []}) == {"0.all": "EMPTY", "1.any": "EMPTY"}


@pytest.mark.parametrize("type", MonitorType)
def test_each_type_has_its_own_sources(type: MonitorType) -> None:
    paths = {AssertionSource.HEADER: "server", AssertionSource.JSON: "$.a"}
    given = [leaf(str(source.value), "eq", "1", path=paths.get(source)) for source in AssertionSource]

    refused = {place for place, source in enumerate(AssertionSource) if source not in SOURCES[type]}
    assert faults(*given, type=type) == {f"{place}.source": "NOT_ALLOWED" for place in refused}


def test_the_refusal_of_a_source_names_those_there_are() -> None:
    body = {"name": "Shop", "type": "ping", "host": "db.example", "assertions": [OK]}

    with pytest.raises(ValidationFailed) as refused:
        read(PreviewMonitorInput, {name: body[name] for name in body if name != "name"}, Flat(MonitorType))

    [fault] = refused.value.faults
    assert fault.field == ["assertions", "0", "source"]
    assert fault.message == "A monitor of type ping has no status; there is: latency, packet_loss, address"


@pytest.mark.parametrize("source", AssertionSource)
@pytest.mark.parametrize("op", AssertionOp)
def test_each_source_has_its_own_ops(source: AssertionSource, op: AssertionOp) -> None:
    type = next(type for type in MonitorType if source in SOURCES[type])
    path = {AssertionSource.HEADER: "server", AssertionSource.JSON: "$.a"}.get(source)
    alone = ("exists", "not_exists", "empty", "not_empty")
    target = None if op.value in alone and op in OPS[source] else "1"

    found = faults(leaf(str(source.value), str(op.value), target, path), type=type)

    assert found == ({} if op in OPS[source] else {"0.op": "NOT_ALLOWED"})


def test_four_levels_are_allowed_and_a_fifth_is_told_where_it_begins() -> None:
    assert faults(nested(4)) == {}
    assert faults(nested(6)) == {"0.not.not.not.not": "TOO_DEEP"}


def test_a_tree_of_hundreds_of_levels_is_refused_and_not_followed() -> None:
    assert set(faults(nested(300)).values()) == {"TOO_DEEP"}


def test_there_are_at_most_fifty_comparisons_however_they_are_grouped() -> None:
    assert faults({"all": [OK] * 25}, {"any": [OK] * 25}) == {}
    assert faults({"all": [OK] * 25}, {"any": [OK] * 26}) == {"assertions": "TOO_MANY"}


def test_there_are_at_most_ten_patterns() -> None:
    pattern = leaf("body", "matches", "a")

    assert faults(*[pattern] * 10, *[OK] * 10) == {}
    assert faults(*[pattern] * 10, {"not": leaf("body", "not_matches", "b")}) == {"assertions": "TOO_MANY"}


def test_a_target_has_at_most_2048_characters_and_a_pattern_512_bytes() -> None:
    assert faults(leaf("body", "contains", "x" * 2048)) == {}
    assert faults(leaf("body", "contains", "x" * 2049)) == {"0.target": "BAD_LENGTH"}
    assert faults(leaf("body", "matches", "x" * 512)) == {}
    assert faults(leaf("body", "matches", "ä" * 257)) == {"0.target": "BAD_PATTERN"}


@pytest.mark.parametrize("op", ["contains", "not_contains", "starts_with", "ends_with", "matches", "not_matches"])
def test_what_would_always_hold_is_refused(op: str) -> None:
    assert faults(leaf("body", op, "")) == {"0.target": "EMPTY"}


def test_a_body_may_be_expected_to_be_the_empty_text() -> None:
    assert faults(leaf("body", "eq", "")) == {}


@pytest.mark.parametrize("name", ["x y", "ä", "a:b"])
def test_a_header_has_a_name_as_headers_have(name: str) -> None:
    assert faults(leaf("header", "exists", path=name)) == {"0.path": "BAD_HEADER_NAME"}


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "0x10", "1e999", "", "١", "1,5", "1" * 400])
def test_what_is_no_number_in_digits_is_none(text: str) -> None:
    assert number(text) is None
    assert faults(leaf("latency", "lt", text)) == {"0.target": "BAD_NUMBER"}


@pytest.mark.parametrize(("text", "value"), [("500", 500), ("-1.5", -1.5), ("+2", 2), ("1e3", 1000), (" 7 ", 7)])
def test_numbers_are_read_as_people_write_them(text: str, value: float) -> None:
    assert number(text) == value


def test_an_edit_may_clear_them_and_is_held_to_the_same_rules() -> None:
    cleared = read(UpdateMonitorInput, {"assertions": None}, Flat(MonitorType, MonitorType.HTTP))
    with pytest.raises(ValidationFailed) as refused:
        read(UpdateMonitorInput, {"assertions": [leaf("body", "matches", "(")]}, Flat(MonitorType, MonitorType.HTTP))

    assert cleared.assertions is None
    assert [fault.field for fault in refused.value.faults] == [["assertions", "0", "target"]]


leaves = st.builds(
    Assertion,
    source=st.sampled_from(AssertionSource),
    path=st.none() | st.text(max_size=5),
    op=st.sampled_from(AssertionOp),
    target=st.none() | st.text(max_size=5),
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Assertion, all=st.lists(inner, min_size=1, max_size=3))
        | st.builds(Assertion, any=st.lists(inner, min_size=1, max_size=3))
        | st.builds(Assertion, not_=inner)
    ),
    max_leaves=8,
)


@given(trees)
def test_a_tree_comes_back_from_its_stored_form(tree: Assertion) -> None:
    assert from_stored(to_stored(tree)) == tree


def test_the_stored_form_says_only_what_was_said() -> None:
    assert to_stored(from_stored({"any": [OK, {"not": OK}]})) == {"any": [OK, {"not": OK}]}
