"""Assertions: what else must hold of an answer, as a tree of comparisons under `all`, `any` and `not`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry

from is0k.schema.enums import AssertionOp, AssertionSource, MonitorType
from is0k.schema.faults import Fault
from is0k.schema.patterns import compile_path, compile_pattern
from is0k.schema.rules import TOKEN, Text, rule

MAX_DEPTH, MAX_LEAVES, MAX_PATTERNS = 4, 50, 10
TARGET_LENGTH, PATH_LENGTH = 2_048, 512
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?")

Op, Source = AssertionOp, AssertionSource
ORDERS = (Op.LT, Op.LE, Op.GT, Op.GE)
NUMBER_OPS = (Op.EQ, Op.NE, *ORDERS)
PATTERN_OPS = (Op.MATCHES, Op.NOT_MATCHES)
# Of an empty text they say what always holds, or never.
PART_OPS = (Op.CONTAINS, Op.NOT_CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH, *PATTERN_OPS)
ALONE_OPS = (Op.EXISTS, Op.NOT_EXISTS, Op.EMPTY, Op.NOT_EMPTY)
TEXT_OPS = (Op.EQ, Op.NE, *PART_OPS, Op.EMPTY, Op.NOT_EMPTY)

OPS: dict[AssertionSource, Sequence[AssertionOp]] = {
    Source.STATUS: NUMBER_OPS,
    Source.LATENCY: NUMBER_OPS,
    Source.HEADER: tuple(Op),
    Source.BODY: TEXT_OPS,
    Source.JSON: tuple(Op),
    Source.CERTIFICATE_DAYS: NUMBER_OPS,
    Source.ANSWERS: TEXT_OPS,
    Source.PACKET_LOSS: NUMBER_OPS,
    Source.ADDRESS: TEXT_OPS,
}
SOURCES: dict[MonitorType, Sequence[AssertionSource]] = {
    MonitorType.HTTP: (
        Source.STATUS,
        Source.LATENCY,
        Source.HEADER,
        Source.BODY,
        Source.JSON,
        Source.CERTIFICATE_DAYS,
        Source.ADDRESS,
    ),
    MonitorType.TCP: (Source.LATENCY, Source.BODY, Source.CERTIFICATE_DAYS, Source.ADDRESS),
    MonitorType.PING: (Source.LATENCY, Source.PACKET_LOSS, Source.ADDRESS),
    MonitorType.DNS: (Source.LATENCY, Source.ANSWERS, Source.ADDRESS),
    MonitorType.TLS: (Source.LATENCY, Source.CERTIFICATE_DAYS, Source.ADDRESS),
    MonitorType.HEARTBEAT: (),
}
# These look at a part, which `path` names.
PATH_SOURCES = (Source.HEADER, Source.JSON)
BODY_SOURCES = (Source.BODY, Source.JSON)

EXAMPLE = {"source": "latency", "op": "lt", "target": "500"}


@strawberry.type(
    description="A comparison (`source`, `op`, and where they belong `path` and `target`), or one of `all`, `any`, "
    "`not` over others. A comparison holds when every value that is found passes, and there is one; of `NE`, "
    "`NOT_CONTAINS` and `NOT_MATCHES`, when no value is, holds or matches the target."
)
class Assertion:
    source: AssertionSource | None = None
    path: str | None = strawberry.field(default=None, description="A header's name, or a JSONPath (RFC 9535).")
    op: AssertionOp | None = None
    target: str | None = strawberry.field(default=None, description="A text, a number in digits, or an RE2 pattern.")
    all: list["Assertion"] | None = None
    any: list["Assertion"] | None = None
    not_: "Assertion | None" = strawberry.field(default=None, name="not")


@strawberry.input(description="Either `source`, `op`, and where they belong `path` and `target`; or one of the rest.")
class AssertionInput:
    source: AssertionSource | None = None
    path: str | None = strawberry.field(
        default=None,
        description="A header's name, or a JSONPath (RFC 9535, without functions; conditions compare with a literal).",
        metadata=rule(Text(1, PATH_LENGTH), example="$.status"),
    )
    op: AssertionOp | None = None
    target: str | None = strawberry.field(
        default=None,
        description="A text, a number in digits, or an RE2 pattern of at most 512 bytes.",
        metadata=rule(Text(0, TARGET_LENGTH, is_line=False), example="ok"),
    )
    all: list["AssertionInput"] | None = None
    any: list["AssertionInput"] | None = None
    not_: "AssertionInput | None" = strawberry.field(default=None, name="not")

    def faults(self) -> Iterator[Fault]:
        names = ("source", "path", "op", "target")
        is_leaf = any(getattr(self, name) is not None for name in names)
        groups = [name for name in ("all", "any", "not_") if getattr(self, name) is not None]
        if is_leaf + len(groups) != 1:
            code = "CONFLICT" if is_leaf or groups else "REQUIRED"
            yield Fault((), code, "Give either source and op, or exactly one of all, any and not")
            return
        yield from (Fault((name,), "EMPTY", "Must have at least one") for name in groups if getattr(self, name) == [])
        if is_leaf:
            yield from self._leaf_faults()

    def _leaf_faults(self) -> Iterator[Fault]:
        for name in ("source", "op"):
            if getattr(self, name) is None:
                yield Fault((name,), "REQUIRED", "Is required")
        if isinstance(self.source, Source):
            yield from path_faults(self.source, self.path)
            if isinstance(self.op, Op) and self.op not in OPS[self.source]:
                words = ", ".join(str(op.value) for op in OPS[self.source])
                yield Fault(("op",), "NOT_ALLOWED", f"Of {self.source.value} must be one of: {words}")
                return
        if isinstance(self.op, Op):
            yield from target_faults(self.source, self.op, self.target)


def path_faults(source: AssertionSource, path: object) -> Iterator[Fault]:
    if source not in PATH_SOURCES:
        if path is not None:
            yield Fault(("path",), "NOT_ALLOWED", f"Of {source.value} there are no parts to name")
    elif path is None:
        needed = "Must name the header" if source is Source.HEADER else "Must be a JSONPath such as $.status"
        yield Fault(("path",), "REQUIRED", needed)
    elif isinstance(path, str) and path:
        if source is Source.HEADER and not TOKEN.fullmatch(path):
            yield Fault(("path",), "BAD_HEADER_NAME", "Is not a header name")
        elif source is Source.JSON and (message := _message(compile_path, path)):
            yield Fault(("path",), "BAD_PATH", message)


def target_faults(source: object, op: AssertionOp, target: object) -> Iterator[Fault]:
    if op in ALONE_OPS:
        if target is not None:
            yield Fault(("target",), "NOT_ALLOWED", f"With {op.value} there is nothing to compare with")
    elif target is None:
        yield Fault(("target",), "REQUIRED", "Is required")
    elif isinstance(target, str):
        is_number = op in ORDERS or (isinstance(source, Source) and OPS[source] is NUMBER_OPS)
        if is_number and number(target) is None:
            yield Fault(("target",), "BAD_NUMBER", "Must be a number such as 500 or 99.5")
        elif op in PART_OPS and not target:
            yield Fault(("target",), "EMPTY", "Must not be empty")
        elif op in PATTERN_OPS and (message := _message(compile_pattern, target)):
            yield Fault(("target",), "BAD_PATTERN", message)


def number(text: str) -> float | None:
    """As people write it in digits; neither "nan" nor "1_000"."""
    return float(text) if NUMBER.fullmatch(text.strip()) else None


def _message(compile: Any, text: str) -> str | None:
    try:
        compile(text)
    except ValueError as error:
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class Tree:
    """Not too deep, and not too much of it: every check looks at all of it."""

    def __call__(self, assertions: Sequence[AssertionInput]) -> Iterator[Fault]:
        nodes = list(walk(assertions))
        too_deep = next((path for path, _, depth in nodes if depth > MAX_DEPTH), None)
        if too_deep:
            yield Fault(too_deep, "TOO_DEEP", f"Must be at most {MAX_DEPTH} levels deep")
        leaves = [node for _, node, _ in nodes if isinstance(node.source, Source)]
        if len(leaves) > MAX_LEAVES or len(nodes) > 2 * MAX_LEAVES:
            yield Fault((), "TOO_MANY", f"Must have at most {MAX_LEAVES} comparisons")
        if sum(node.op in PATTERN_OPS for node in leaves) > MAX_PATTERNS:
            yield Fault((), "TOO_MANY", f"Must have at most {MAX_PATTERNS} patterns")

    def json_schema(self) -> dict[str, Any]:
        return {"maxItems": MAX_LEAVES}


N = TypeVar("N", bound=Assertion | AssertionInput)
Path = tuple[str | int, ...]


def walk(assertions: Iterable[N]) -> Iterator[tuple[Path, N, int]]:
    """Path, node and depth of each, in the order they are written in."""
    waiting: list[tuple[Path, N, int]] = [((i,), node, 1) for i, node in enumerate(assertions)]
    waiting.reverse()
    while waiting:
        path, node, depth = waiting.pop()
        yield path, node, depth
        below = [((*path, *step), child, depth + 1) for step, child in children(node)]
        waiting += reversed(below)


def children(node: N) -> Iterator[tuple[Path, N]]:
    given: Any
    for name in ("all", "any"):
        given = getattr(node, name)
        yield from (((name, index), child) for index, child in enumerate(given if isinstance(given, list) else ()))
    if isinstance(node.not_, type(node)):
        yield ("not_",), node.not_


def type_faults(type: MonitorType, assertions: object) -> Iterator[Fault]:
    """What monitors of the type have nothing of."""
    known = SOURCES[type]
    words = (
        f"there is: {', '.join(str(source.value) for source in known)}" if known else "nothing can be asserted of it"
    )
    for path, node, _ in walk(assertions if isinstance(assertions, list) else []):
        if isinstance(node.source, Source) and node.source not in known:
            message = f"A monitor of type {type.value} has no {node.source.value}; {words}"
            yield Fault(("assertions", *path, "source"), "NOT_ALLOWED", message)


def to_stored(node: Assertion | AssertionInput) -> dict[str, Any]:
    """As JSON, without what is not said."""
    said: dict[str, Any] = {
        "source": node.source and node.source.value,
        "path": node.path,
        "op": node.op and node.op.value,
        "target": node.target,
        "all": node.all and [to_stored(child) for child in node.all],
        "any": node.any and [to_stored(child) for child in node.any],
        "not": node.not_ and to_stored(node.not_),
    }
    return {name: value for name, value in said.items() if value is not None}


def from_stored(stored: Mapping[str, Any]) -> Assertion:
    source, op, inner = stored.get("source"), stored.get("op"), stored.get("not")
    return Assertion(
        source=Source(source) if source else None,
        path=stored.get("path"),
        op=Op(op) if op else None,
        target=stored.get("target"),
        all=[from_stored(child) for child in stored["all"]] if "all" in stored else None,
        any=[from_stored(child) for child in stored["any"]] if "any" in stored else None,
        not_=from_stored(inner) if inner else None,
    )


@strawberry.type(description="What one comparison found.")
class AssertionResult:
    source: AssertionSource
    path: str | None
    op: AssertionOp
    target: str | None
    actual: str | None = strawberry.field(description="The first 200 characters of it; null where nothing was found.")
    passed: bool
