"""How an assertion compares a value with its target."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from is0k.schema.assertion import number
from is0k.schema.enums import AssertionOp as Op
from is0k.schema.patterns import is_found


def passes(op: Op, values: Sequence[Any], target: str) -> bool:
    """Every value must pass, and there must be one. Of what is denied, no value may pass: also when there is none."""
    if op in DENIED:
        return not any(PASSES[DENIED[op]](value, target) for value in values)
    match op:
        case Op.EXISTS:
            return bool(values)
        case Op.NOT_EXISTS:
            return not values
        case Op.EMPTY:
            return all(map(is_empty, values))
        case Op.NOT_EMPTY:
            return bool(values) and not any(map(is_empty, values))
    return bool(values) and all(PASSES[op](value, target) for value in values)


def text(value: Any) -> str:
    """As a person would write it: a string as it is, all else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def equals(value: Any, target: str) -> bool:
    return value == number(target) if is_number(value) else text(value) == target


def contains(value: Any, target: str) -> bool:
    return any(equals(item, target) for item in value) if isinstance(value, list) else target in text(value)


def ordered(compare: Callable[[float, float], bool]) -> Callable[[Any, str], bool]:
    """What is no number is neither less nor more than one."""

    def compares(value: Any, target: str) -> bool:
        own = value if is_number(value) else number(value) if isinstance(value, str) else None
        limit = number(target)
        return own is not None and limit is not None and compare(own, limit)

    return compares


PASSES: dict[Op, Callable[[Any, str], bool]] = {
    Op.EQ: equals,
    Op.LT: ordered(lambda own, limit: own < limit),
    Op.LE: ordered(lambda own, limit: own <= limit),
    Op.GT: ordered(lambda own, limit: own > limit),
    Op.GE: ordered(lambda own, limit: own >= limit),
    Op.CONTAINS: contains,
    Op.STARTS_WITH: lambda value, target: text(value).startswith(target),
    Op.ENDS_WITH: lambda value, target: text(value).endswith(target),
    Op.MATCHES: lambda value, target: is_found(target, text(value).encode(errors="replace")),
}
DENIED = {Op.NE: Op.EQ, Op.NOT_CONTAINS: Op.CONTAINS, Op.NOT_MATCHES: Op.MATCHES}
