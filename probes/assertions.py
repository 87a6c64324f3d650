"""Judges an outcome by the assertions of its monitor.

Pure, and in bounded time, but not always in a moment: patterns and paths over a large body go to a thread.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import orjson

from is0k.probes.assertion_words import Leaf, failure_words, holds
from is0k.probes.base import Facts, Outcome
from is0k.probes.body import BODY_BYTES, EXCERPT_BYTES, text_of
from is0k.probes.comparing import passes, text
from is0k.schema.assertion import BODY_SOURCES, Assertion, walk
from is0k.schema.enums import AssertionSource, CheckStatus, Reason
from is0k.schema.patterns import STEPS, Budget, TooManySteps, find
from is0k.schema.typed_settings import MASK

SHOWN = 200
# For more, the worst patterns would hold up the event loop for longer than 100 ms.
AT_ONCE_BYTES = 4 * 1024
# A value is compared as a text, and that is work too; an object's may be as long as the body.
BYTES_A_STEP = 128
MEASURED = (AssertionSource.LATENCY, AssertionSource.PACKET_LOSS, AssertionSource.CERTIFICATE_DAYS)
# What such a header holds may let somebody in.
CREDENTIAL = re.compile("cookie|auth|token|secret|session|password|csrf|api-?key")


class Unreadable(Exception):
    """There is nothing to compare with; an assertion that cannot be told does not hold."""


def wants_body(assertions: Iterable[Assertion]) -> bool:
    return any(node.source in BODY_SOURCES for _, node, _ in walk(assertions))


async def assess(outcome: Outcome, assertions: Sequence[Assertion], shows_all: bool = False) -> Outcome:
    """`judge_assertions`, in a thread where it may take long."""
    if assertions and _text_size(outcome.facts) > AT_ONCE_BYTES:
        return await asyncio.to_thread(judge_assertions, outcome, assertions, shows_all)
    return judge_assertions(outcome, assertions, shows_all)


def _text_size(facts: Facts) -> int:
    texts = [*(facts.headers or {}).values(), *(facts.answers or ())]
    return len(facts.body or b"") + sum(map(len, texts))


def judge_assertions(outcome: Outcome, assertions: Sequence[Assertion], shows_all: bool = False) -> Outcome:
    """`outcome`, down when one of the assertions does not hold; then `detail.assertions` has all comparisons.

    Nothing is asserted of a target that is down already, or that was not seen. What is degraded is judged like what is
    well: slow or soon to expire is still an answer. `shows_all` has the comparisons in it when they hold, too.
    """
    if not assertions or outcome.status in (CheckStatus.DOWN, CheckStatus.UNKNOWN):
        return outcome
    seen = Seen(outcome)
    leaves = {id(node): seen.judge(node) for _, node, _ in walk(assertions) if node.source}

    def judged(node: Assertion) -> Leaf:
        return leaves[id(node)]

    failed = [node for node in assertions if not holds(node, judged)]
    if not (failed or shows_all):
        return outcome
    told = {**outcome.detail, "assertions": [leaf.told() for leaf in leaves.values()]}
    if not failed:
        return replace(outcome, detail=told)
    if outcome.facts.body:
        told["bodyExcerpt"] = text_of(outcome.facts.body[:EXCERPT_BYTES])
    message = failure_words(failed, judged)
    return replace(outcome, status=CheckStatus.DOWN, reason=Reason.ASSERTION_FAILED, message=message, detail=told)


class Seen:
    """What an outcome has to show; the body is read as JSON once, and only if somebody asks."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.facts = outcome, outcome.facts
        self.budget = Budget()

    def judge(self, leaf: Assertion) -> Leaf:
        assert leaf.op  # a leaf has one
        try:
            values = list(self._values(leaf))
        except Unreadable as error:
            return Leaf(leaf, str(error), passed=False, is_readable=False)
        return Leaf(leaf, _shown(leaf, values), passes(leaf.op, values, leaf.target or ""))

    def _values(self, leaf: Assertion) -> Iterator[Any]:
        match leaf.source:
            case AssertionSource.STATUS:
                found: Any = self.outcome.status_code
            case AssertionSource.LATENCY:
                found = self.outcome.latency_ms
            case AssertionSource.CERTIFICATE_DAYS:
                found = self.facts.certificate_days
            case AssertionSource.PACKET_LOSS:
                found = self.facts.packet_loss_percent
            case AssertionSource.ADDRESS:
                found = self.facts.address
            case AssertionSource.ANSWERS:
                found = None if self.facts.answers is None else "\n".join(sorted(self.facts.answers))
            case AssertionSource.HEADER:
                found = (self.facts.headers or {}).get((leaf.path or "").lower())
            case AssertionSource.BODY:
                found = self._text
            case _:
                yield from self._find(leaf.path or "")
                return
        if found is not None:
            yield found

    @cached_property
    def _text(self) -> str | None:
        return None if self.facts.body is None else text_of(self.facts.body)

    def _find(self, path: str) -> list[Any]:
        document = self._document
        if isinstance(document, Unreadable):
            raise document
        try:
            values = find(path, document, self.budget)
            for value in values:
                longest = len(self.facts.body or b"") if isinstance(value, list | dict) else len(text(value))
                self.budget.spend(longest // BYTES_A_STEP)
            return values
        except TooManySteps:
            raise Unreadable(f"there is too much to look at, more than {STEPS} steps") from None

    @cached_property
    def _document(self) -> Any:
        body = self.facts.body or b""
        if len(body) >= BODY_BYTES:
            return Unreadable("the body is longer than 256 KiB")
        try:
            document = orjson.loads(body)
            orjson.dumps(document)
        except orjson.JSONDecodeError:
            return Unreadable("the body is not JSON")
        except TypeError:
            # It reads a thousand levels and writes a quarter of them: what cannot be shown cannot be compared.
            return Unreadable("the body is nested too deeply")
        return document


def _shown(leaf: Assertion, values: Sequence[Any]) -> str | None:
    if not values:
        return None
    if leaf.source is AssertionSource.HEADER and CREDENTIAL.search((leaf.path or "").lower()):
        return MASK
    if leaf.source in MEASURED:
        return f"{round(values[0], 1):g}"
    shown = ""
    for value in values:
        shown += f"{', ' if shown else ''}{text(value)[:SHOWN]}"
        if len(shown) >= SHOWN:
            break
    return shown[:SHOWN]
