"""Patterns and paths of users, compiled; all that can be said against one is said when it is saved.

Both end in bounded time, whatever they are and whatever they look at: see the limits.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonpath
import re2
from jsonpath import JSONPathEnvironment, JSONPathMatch
from jsonpath.exceptions import JSONPathError
from jsonpath.filter import (
    BaseExpression,
    FilterExpression,
    FilterExpressionLiteral,
    InfixExpression,
    Nil,
    PrefixExpression,
    RegexLiteral,
    RelativeFilterQuery,
)
from jsonpath.segments import JSONPathRecursiveDescentSegment
from jsonpath.selectors import Filter

PATTERN_BYTES = PATH_BYTES = 512
# Of the program RE2 makes of a pattern; a single `.` takes nine instructions, `.{100}` nine hundred.
PATTERN_SIZE = 2_500
# Instructions times bytes of text: the worst patterns we found take 50 ms for so many.
PATTERN_STEPS = 50_000_000
# Of all paths of one check together: values looked at, and conditions asked. 20,000 take some 25 ms.
STEPS = 20_000
PLAIN_VALUES_A_STEP = 20

OPTIONS = re2.Options()
OPTIONS.max_mem = 1 << 20
OPTIONS.log_errors = False
# Whether it is found is all we ask, and where its groups are takes much longer.
OPTIONS.never_capture = True


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> Any:
    """Raises ValueError, with words for whoever wrote it."""
    if len(pattern.encode()) > PATTERN_BYTES:
        raise ValueError(f"Must have at most {PATTERN_BYTES} bytes")
    try:
        compiled = re2.compile(pattern, options=OPTIONS)
    except re2.error as error:
        raise ValueError(f"Is not an RE2 pattern: {_words(error)}") from None
    if compiled.programsize > PATTERN_SIZE:
        raise ValueError("Is too large a pattern; repeat less in it")
    return compiled


def is_found(pattern: str, text: bytes) -> bool:
    """Whether a pattern that compiles is in the text: in all 256 KiB of it, or where the pattern is a large one, in as
    much of its beginning as there is time for, which is never less than 20 KB."""
    compiled = compile_pattern(pattern)
    return compiled.search(text[: PATTERN_STEPS // compiled.programsize]) is not None


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else "it cannot be read"
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


class TooManySteps(Exception):
    """A path looks at more than there is time for."""


class Budget(Mapping[str, Any]):
    """How many steps are left. It goes where the library hands a context on, which is a mapping."""

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps

    def spend(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TooManySteps

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1  # what is empty the library replaces by a mapping of its own


class Found(JSONPathMatch):
    """A value, without the way to it: with long names the ways of all values would fill the memory."""

    def __init__(self, obj: object, root: Any, budget: Budget) -> None:
        budget.spend()
        super().__init__(filter_context=budget, obj=obj, parent=None, path="", parts=(), root=root)

    def new_child(self, obj: object, key: int | str) -> "Found":
        return Found(obj, self.root, self._budget)

    def add_child(self, *children: JSONPathMatch) -> None:
        """Nobody asks for them, and kept they would be all in memory at once."""

    @property
    def _budget(self) -> Budget:
        context = self.filter_context()
        assert isinstance(context, Budget)
        return context


class Counted(FilterExpression):
    """The condition of a filter, which takes a step for each of its parts."""

    def __init__(self, condition: FilterExpression) -> None:
        super().__init__(condition.expression)
        self.parts = sum(1 for _ in _parts(condition))

    def evaluate(self, context: Any) -> bool:
        context.extra_context.spend(self.parts)
        return super().evaluate(context)


class Environment(JSONPathEnvironment):
    """RFC 9535 without its functions: their patterns are no RE2."""

    def setup_function_extensions(self) -> None:
        self.function_extensions = {}


ENVIRONMENT = Environment(strict=True, filter_caching=False)


@lru_cache(maxsize=4096)
def compile_path(path: str) -> jsonpath.JSONPath:
    """Raises ValueError, with words for whoever wrote it."""
    if len(path.encode()) > PATH_BYTES:
        raise ValueError(f"Must have at most {PATH_BYTES} bytes")
    try:
        compiled = ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError, ValueError) as error:
        raise ValueError(f"Is not a JSONPath: {str(error).partition(chr(10))[0]}") from None
    assert isinstance(compiled, jsonpath.JSONPath)  # a compound one is not strict
    for segment in compiled.segments:
        for selector in segment.selectors:
            if isinstance(selector, Filter):
                _refuse_costly(selector.expression)
                selector.expression = Counted(selector.expression)
    return compiled


def find(path: str, document: Any, budget: Budget) -> list[Any]:
    """The values at a path that compiles, in the order of the document. Raises TooManySteps."""
    found: list[JSONPathMatch] = [Found(document, document, budget)]
    # One after the other: nested in each other, the library's generators would reach Python's recursion limit.
    for segment in compile_path(path).segments:
        if isinstance(segment, JSONPathRecursiveDescentSegment):
            found = [inner for match in found for inner in _below(match, budget)]
        found = [child for match in found for selector in segment.selectors for child in selector.resolve(match)]
    return [match.obj for match in found]


def _below(match: JSONPathMatch, budget: Budget) -> Iterator[JSONPathMatch]:
    """It, and all objects and arrays in it. The library's own walk does not count the plain values it passes."""
    waiting = [match]
    while waiting:
        here = waiting.pop()
        yield here
        items = here.obj.values() if isinstance(here.obj, dict) else here.obj if isinstance(here.obj, list) else ()
        budget.spend(len(items) // PLAIN_VALUES_A_STEP)
        inner = [here.new_child(item, 0) for item in items if type(item) in (dict, list)]
        waiting += reversed(inner)


def _refuse_costly(condition: BaseExpression) -> None:
    """Comparing two parts of a document takes time by their size; with a literal it does not."""
    for part in _parts(condition):
        if isinstance(part, RelativeFilterQuery):
            if not part.path.singular_query():
                raise ValueError("Must name one value in each condition: no *, .., slice or filter inside a filter")
        elif isinstance(part, InfixExpression):
            if not part.logical and not any(
                isinstance(side, FilterExpressionLiteral | Nil) for side in part.children()
            ):
                raise ValueError("Must compare with a literal in each condition, as in ?@.status == 'ok'")
        elif isinstance(part, RegexLiteral) or not isinstance(
            part, FilterExpression | PrefixExpression | FilterExpressionLiteral | Nil
        ):
            raise ValueError("Must have no functions and no $ in its conditions")


def _parts(expression: BaseExpression) -> Iterator[BaseExpression]:
    yield expression
    if not isinstance(expression, RelativeFilterQuery):
        for child in expression.children():
            yield from _parts(child)
