"""What an input may hold, said once next to the field and read by GraphQL, REST and (later) OpenAPI.

A rule takes a value of the right type and yields a Fault for each thing wrong with it, with the path below the field.
"""

import dataclasses
import functools
import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import yarl
from email_validator import EmailNotValidError, validate_email
from strawberry import UNSET

from is0k.schema.faults import Fault, Verbatim

# RFC 9110 §5.6.2: the characters of a header's name.
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HOP_BY_HOP = frozenset(
    [
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)


class Rule(Protocol):
    def __call__(self, value: Any, /) -> Iterable[Fault]: ...


def rule(check: Rule, **metadata: object) -> dict[str, object]:
    """Metadata for `strawberry.field(metadata=…)` that binds the rule to the field."""
    return {"rule": check, **metadata}


@dataclass(frozen=True, slots=True)
class Range:
    minimum: float
    maximum: float
    unit: str = ""

    def __call__(self, value: float) -> Iterator[Fault]:
        if not self.minimum <= value <= self.maximum:
            yield Fault((), "OUT_OF_RANGE", f"Must be from {self.minimum:g} to {self.maximum:g}{self.unit}")


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a length, without control characters other than a line's end and a tab (`is_line`: without those too)."""

    minimum: int = 1
    maximum: int = 255
    is_line: bool = True

    def __call__(self, value: str) -> Iterator[Fault]:
        length = len(value.strip()) if self.is_line else len(value)
        if not self.minimum <= length <= self.maximum:
            yield Fault((), "BAD_LENGTH", f"Must have {self.minimum} to {self.maximum} characters")
        allowed = "" if self.is_line else "\n\r\t"
        if any((ord(letter) < 32 and letter not in allowed) or letter == "\x7f" for letter in value):
            yield Fault((), "BAD_CHARACTER", "Must not hold control characters")


@dataclass(frozen=True, slots=True)
class Each:
    """Every item keeps the rule, no item stands twice, and there are at most `maximum`."""

    item: Rule
    maximum: int

    def __call__(self, values: Sequence[Any]) -> Iterator[Fault]:
        if len(values) > self.maximum:
            yield Fault((), "TOO_MANY", f"Must have at most {self.maximum} items")
        for index, value in enumerate(values[: self.maximum]):
            yield from (fault.below(index) for fault in self.item(value))
            if value in values[:index]:
                yield Fault((index,), "DUPLICATE", f"'{value}' stands here twice")


def anything(value: object) -> Iterable[Fault]:
    """Of an id: whether there is such a noun is for the verb to say."""
    return ()


@dataclass(frozen=True, slots=True)
class AtMost:
    maximum: int

    def __call__(self, values: Sequence[Any]) -> Iterator[Fault]:
        if len(values) > self.maximum:
            yield Fault((), "TOO_MANY", f"Must have at most {self.maximum} items")


@functools.cache
def timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


def timezone(value: str) -> Iterator[Fault]:
    if value not in timezones():
        yield Fault((), "UNKNOWN_TIMEZONE", "Must be a name of the time zone database, such as Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Slug:
    """A word of lower-case letters, digits, `-`, `_`, `.` and `:`, as tags and regions are."""

    maximum: int = 50

    def __call__(self, value: str) -> Iterator[Fault]:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_.:-]*", value) or len(value) > self.maximum:
            message = f"Must be lower-case letters, digits and - _ . : only, at most {self.maximum} characters"
            yield Fault((), "BAD_SLUG", message)


@dataclass(frozen=True, slots=True)
class SomeOf:
    """At least one of a closed set of words, and none of them twice."""

    def __call__(self, words: Sequence[Enum]) -> Iterator[Fault]:
        if not words:
            yield Fault((), "EMPTY", "Must name at least one")
        for index, word in enumerate(words):
            if word in words[:index]:
                yield Fault((index,), "DUPLICATE", f"'{word.value}' stands here twice")


@dataclass(frozen=True, slots=True)
class Shape:
    """The whole text matches the pattern; `message` says so in words."""

    pattern: str
    message: str

    def __call__(self, value: str) -> Iterator[Fault]:
        if not re.fullmatch(self.pattern, value):
            yield Fault((), "BAD_SHAPE", self.message)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """Well-formed; nobody asks the DNS. Names of a private network are good: alerts@office.local."""

    def __call__(self, value: str) -> Iterator[Fault]:
        try:
            # The library takes .local for no mail domain (RFC 6762); many an office has one.
            public = re.sub(r"\.local$", ".lan", value)
            validate_email(public, check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError:
            yield Fault((), "BAD_EMAIL_ADDRESS", "Must be an e-mail address such as ops@example.com")


@dataclass(frozen=True, slots=True)
class HttpUrl:
    maximum: int = 2048

    def __call__(self, value: str) -> Iterator[Fault]:
        if len(value) > self.maximum:
            yield Fault((), "BAD_LENGTH", f"Must have at most {self.maximum} characters")
        elif message := url_fault(value):
            yield Fault((), "BAD_URL", message)


def url_fault(value: str) -> str | None:
    if any(ord(letter) <= 32 or letter == "\x7f" for letter in value):
        return "Must be a URL without spaces or control characters"
    try:
        url = yarl.URL(value)
        port = url.port
    except ValueError:
        return "Must be a URL such as https://example.com/health"
    if url.scheme not in ("http", "https") or not url.raw_host:
        return "Must be a URL that begins with http:// or https:// and names a host"
    if url.user is not None or url.password is not None:
        return "Must not hold a user name or password"
    if port == 0:
        return "Must not name port 0"
    return None


@dataclass(frozen=True, slots=True)
class Headers:
    maximum: int = 32

    def __call__(self, headers: Mapping[str, str]) -> Iterator[Fault]:
        if len(headers) > self.maximum:
            yield Fault((), "TOO_MANY", f"Must have at most {self.maximum} headers")
        for name, value in headers.items():
            path = (Verbatim(name),)
            if not TOKEN.fullmatch(name) or len(name) > 128:
                yield Fault(path, "BAD_HEADER_NAME", "Is not a header name")
            elif name.lower() in HOP_BY_HOP:
                yield Fault(path, "BAD_HEADER_NAME", f"The header {name} is set by is0k itself")
            if len(value) > 4096 or any(ord(letter) < 32 and letter != "\t" for letter in value) or "\x7f" in value:
                yield Fault(path, "BAD_HEADER_VALUE", "Must be one line of at most 4096 characters")


def faults_of(value: object, path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """Every fault of an input object, nested inputs included. Fields that are unset or null are not looked at."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return
    for field in dataclasses.fields(value):
        content = getattr(value, field.name, UNSET)
        if content is UNSET or content is None:
            continue
        if check := field.metadata.get("rule"):
            yield from (fault.below(*path, field.name) for fault in check(content))
        yield from faults_of(content, (*path, field.name))
        for index, item in enumerate(content if isinstance(content, list) else ()):
            yield from faults_of(item, (*path, field.name, index))
    if check_together := getattr(value, "faults", None):
        yield from (fault.below(*path) for fault in check_together())
