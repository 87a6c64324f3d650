"""A failed assertion in words a person understands at night."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from is0k.schema.assertion import Assertion
from is0k.schema.enums import AssertionOp as Op
from is0k.schema.enums import AssertionSource as Source

QUOTED = 80
UNITS = {Source.LATENCY: " ms", Source.PACKET_LOSS: " %", Source.CERTIFICATE_DAYS: " days"}
NUMBERS = {Source.STATUS, *UNITS}
SUBJECTS = {
    Source.CERTIFICATE_DAYS: "time left of the certificate",
    Source.PACKET_LOSS: "packet loss",
    Source.ANSWERS: "answer",
}
EXPECTED = {
    Op.EQ: "{}",
    Op.NE: "anything but {}",
    Op.LT: "less than {}",
    Op.LE: "at most {}",
    Op.GT: "more than {}",
    Op.GE: "at least {}",
    Op.CONTAINS: "to contain {}",
    Op.NOT_CONTAINS: "not to contain {}",
    Op.STARTS_WITH: "to start with {}",
    Op.ENDS_WITH: "to end with {}",
    Op.MATCHES: "to match {}",
    Op.NOT_MATCHES: "not to match {}",
    Op.EXISTS: "to be there",
    Op.NOT_EXISTS: "not to be there",
    Op.EMPTY: "to be empty",
    Op.NOT_EMPTY: "not to be empty",
}
OPPOSITES = {
    Op.EQ: Op.NE,
    Op.LT: Op.GE,
    Op.LE: Op.GT,
    Op.CONTAINS: Op.NOT_CONTAINS,
    Op.MATCHES: Op.NOT_MATCHES,
    Op.EXISTS: Op.NOT_EXISTS,
    Op.EMPTY: Op.NOT_EMPTY,
}
OPPOSITES |= {other: op for op, other in OPPOSITES.items()}


class Leaf(NamedTuple):
    """What one comparison came to. What is not readable cannot be compared, and `actual` says why."""

    assertion: Assertion
    actual: str | None
    passed: bool
    is_readable: bool = True

    def told(self) -> dict[str, Any]:
        source, op = self.assertion.source, self.assertion.op
        assert source and op  # a leaf has both
        return {
            "source": source.value,
            "path": self.assertion.path,
            "op": op.value,
            "target": self.assertion.target,
            "actual": self.actual,
            "passed": self.passed,
        }


Judged = Callable[[Assertion], Leaf]


def holds(node: Assertion, judged: Judged) -> bool:
    if node.all is not None:
        return all(holds(child, judged) for child in node.all)
    if node.any is not None:
        return any(holds(child, judged) for child in node.any)
    return not holds(node.not_, judged) if node.not_ else judged(node).passed


def failure_words(failed: Sequence[Assertion], judged: Judged) -> str:
    first, *more = [words for node in failed for words in _failures(node, True, judged)]
    return f"{first} ({len(more)} more failed)" if more else first


def _failures(node: Assertion, wanted: bool, judged: Judged) -> list[str]:
    """Why the node is not as wanted; `not` turns the wish round, and by De Morgan `all` and `any` with it."""
    if node.not_:
        return _failures(node.not_, not wanted, judged)
    inner = node.all or node.any
    if inner is None:
        return [leaf_words(judged(node), wanted)]
    wrong = [_failures(child, wanted, judged) for child in inner if holds(child, judged) is not wanted]
    if wanted is (node.all is not None):
        return [words for found in wrong for words in found]
    alternatives = "; ".join(found[0] for found in wrong)
    return [f"{alternatives} (one of them would do)" if len(wrong) > 1 else alternatives]


def leaf_words(leaf: Leaf, wanted: bool) -> str:
    """`latency is 812 ms, expected less than 500 ms`."""
    source, op = leaf.assertion.source, leaf.assertion.op
    assert source and op  # a leaf has both
    subject = _subject(leaf.assertion, source)
    if not leaf.is_readable:
        return f"{subject} cannot be told: {leaf.actual}"
    found = "missing" if leaf.actual is None else _quoted(source, leaf.actual)
    if op in (Op.EXISTS, Op.NOT_EXISTS) and leaf.actual is not None:
        found = "there"
    phrase = EXPECTED[op] if wanted else EXPECTED[OPPOSITES[op]] if op in OPPOSITES else f"not {EXPECTED[op]}"
    return f"{subject} is {found}, expected {phrase.format(_quoted(source, leaf.assertion.target or ''))}"


def _subject(leaf: Assertion, source: Source) -> str:
    if source is Source.HEADER:
        return f"header {leaf.path}"
    return leaf.path or SUBJECTS.get(source, source.value)


def _quoted(source: Source, value: str) -> str:
    if source in NUMBERS:
        return f"{value}{UNITS.get(source, '')}"
    value = " ".join(value.split())
    return f"'{value}'" if len(value) <= QUOTED else f"'{value[:QUOTED]}…'"
