"""How each op compares, value by value; and the laws that hold for all of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.probes.comparing import passes
from is0k.schema.enums import AssertionOp as Op


@pytest.mark.parametrize(
    ("op", "value", "target", "expected"),
    [
        (Op.EQ, 200, "200", True),
        (Op.EQ, 200, "200.0", True),
        (Op.EQ, 200, "2e2", True),
        (Op.EQ, 200, "ok", False),
        (Op.EQ, "200", "200.0", False),  # a text is compared as a text
        (Op.EQ, "ok", "OK", False),
        (Op.EQ, True, "true", True),
        (Op.EQ, True, "1", False),
        (Op.EQ, None, "null", True),
        (Op.EQ, [1, "a"], '[1,"a"]', True),
        (Op.EQ, {"a": 1}, '{"a":1}', True),
        (Op.LT, 499.9, "500", True),
        (Op.LT, 500, "500", False),
        (Op.LE, 500, "500", True),
        (Op.GT, 500, "500", False),
        (Op.GT, 500.5, "500", True),
        (Op.GE, 500, "500", True),
        (Op.LT, "12", "20", True),
        (Op.LT, "many", "20", False),
        (Op.GE, "many", "20", False),
        (Op.LT, True, "20", False),
        (Op.LT, None, "20", False),
        (Op.CONTAINS, "all is well", "is w", True),
        (Op.CONTAINS, "all is well", "IS", False),
        (Op.CONTAINS, ["eu", "us"], "eu", True),
        (Op.CONTAINS, ["europe"], "eu", False),
        (Op.CONTAINS, [1, 2], "2.0", True),
        (Op.CONTAINS, {"a": 1}, '"a"', True),
        (Op.STARTS_WITH, "nginx/1.27", "nginx", True),
        (Op.STARTS_WITH, "nginx/1.27", "1.27", False),
        (Op.ENDS_WITH, "nginx/1.27", "1.27", True),
        (Op.ENDS_WITH, "nginx/1.27", "nginx", False),
        (Op.MATCHES, "version 2.13.0", r"\d+\.\d+\.\d+$", True),
        (Op.MATCHES, "version two", r"\d", False),
        (Op.MATCHES, "größe", "^gr.ße$", True),
        (Op.EMPTY, "", "", True),
        (Op.EMPTY, None, "", True),
        (Op.EMPTY, [], "", True),
        (Op.EMPTY, {}, "", True),
        (Op.EMPTY, 0, "", False),
        (Op.EMPTY, False, "", False),
        (Op.EMPTY, " ", "", False),
        (Op.EXISTS, None, "", True),  # null is a value that is there
    ],
)
def test_one_value_passes_or_does_not(op: Op, value: Any, target: str, expected: bool) -> None:
    assert passes(op, [value], target) is expected


@pytest.mark.parametrize("op", Op)
def test_of_nothing_only_what_denies_holds(op: Op) -> None:
    denying = {Op.NE, Op.NOT_CONTAINS, Op.NOT_MATCHES, Op.NOT_EXISTS, Op.EMPTY}

    assert passes(op, [], "1") is (op in denying)


def test_every_value_must_pass() -> None:
    assert passes(Op.EQ, ["up", "up"], "up")
    assert not passes(Op.EQ, ["up", "down"], "up")
    assert passes(Op.NE, ["up", "up"], "down")
    assert not passes(Op.NE, ["up", "down"], "down")
    assert not passes(Op.NOT_EMPTY, ["a", ""], "")


values: Any = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.text(max_size=6)
values |= st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=2)
targets = st.text(max_size=6) | st.integers(-(10**6), 10**6).map(str)
OPPOSITES = [(Op.EQ, Op.NE), (Op.CONTAINS, Op.NOT_CONTAINS), (Op.MATCHES, Op.NOT_MATCHES), (Op.EMPTY, Op.NOT_EMPTY)]
OPPOSITES += [(Op.EXISTS, Op.NOT_EXISTS)]


@given(st.sampled_from(OPPOSITES), st.lists(values, max_size=1), st.text(alphabet="abc019", max_size=6))
def test_of_one_value_or_none_an_op_and_its_denial_never_agree(pair: Any, found: list[Any], target: str) -> None:
    op, denial = pair

    assert passes(op, found, target) is not passes(denial, found, target)


@given(st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6), st.integers(-(10**6), 10**6))
def test_numbers_are_in_one_order(value: float, limit: int) -> None:
    less, equal, more = (passes(op, [value], str(limit)) for op in (Op.LT, Op.EQ, Op.GT))

    assert less + equal + more == 1
    assert passes(Op.LE, [value], str(limit)) is (less or equal)
    assert passes(Op.GE, [value], str(limit)) is (more or equal)


@given(st.sampled_from(Op), st.lists(values, max_size=3), targets)
def test_whatever_is_found_an_op_says_yes_or_no(op: Op, found: list[Any], target: str) -> None:
    pattern = "a+" if op in (Op.MATCHES, Op.NOT_MATCHES) else target

    assert passes(op, found, pattern) in (True, False)
