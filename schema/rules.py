"""What an input may hold, said once next to the field and read by GraphQL, REST and OpenAPI.

A rule takes a value of the right type and yields a Fault for each thing wrong with it, with the path below the field.
Its `json_schema`, if it has one, says the same to those who read the document; where there are no words for it, less.
"""

import dataclasses
import functools
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

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


Check = TypeVar("Check", bound=Callable[[Any], Iterable[Fault]])


class Rule(Protocol):
    def __call__(self, value: Any, /) -> Iterable[Fault]: ...


def rule(check: Rule, **metadata: object) -> dict[str, object]:
    """Metadata for `strawberry.field(metadata=…)` that binds the rule to the field."""
    return {"rule": check, **metadata}


def described(**schema: object) -> Callable[[Check], Check]:
    """For a rule that is a function: `@described(pattern="^[a-z]+$", examples=["shop"])`."""

    def describe(check: Check) -> Check:
        check.json_schema = lambda: schema  # type: ignore[attr-defined]
        return check

    return describe


def schema_of(check: object) -> dict[str, Any]:
    """The JSON Schema of a rule; of one that says nothing, anything goes."""
    describe: Callable[[], dict[str, Any]] = getattr(check, "json_schema", dict)
    return describe()


@dataclass(frozen=True, slots=True)
class Range:
    minimum: float
    maximum: float
    unit: str = ""

    def __call__(self, value: float) -> Iterator[Fault]:
        if not self.minimum <= value <= self.maximum:
            yield Fault((), "OUT_OF_RANGE", f"Must be from {self.minimum:g} to {self.maximum:g}{self.unit}")

    def json_schema(self) -> dict[str, Any]:
        return {"minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a length, without control characters other than a line's end and a tab (`is_line`: without those too)."""

    minimum: int = 1
    maximum: int = 255
    is_line: bool = True

    def __call__(self, value: str) -> Iterator[Fault]:
        shortest = len(value.strip()) if self.is_line else len(value)
        if shortest < self.minimum or len(value) > self.maximum:
            yield Fault((), "BAD_LENGTH", f"Must have {self.minimum} to {self.maximum} characters")
        allowed = "" if self.is_line else "\n\r\t"
        if any((ord(letter) < 32 and letter not in allowed) or letter == "\x7f" for letter in value):
            yield Fault((), "BAD_CHARACTER", "Must not hold control characters")

    def json_schema(self) -> dict[str, Any]:
        return {"minLength": self.minimum, "maxLength": self.maximum, "pattern": self._pattern()}

    def _pattern(self) -> str:
        if not self.is_line:
            return r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
        letters, ink = r"[^\x00-\x1f\x7f]", r"[^\s\x00-\x1f\x7f]"
        inside = f"{letters}{{{self.minimum - 2},}}{ink}" if self.minimum > 1 else ""
        return f"^{letters}*{ink}{inside}{letters}*$" if self.minimum else f"^{letters}*$"


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

    def json_schema(self) -> dict[str, Any]:
        return {"items": schema_of(self.item), "maxItems": self.maximum, "uniqueItems": True}


def anything(value: object) -> Iterable[Fault]:
    """Of an id: whether there is such a noun is for the verb to say."""
    return ()


@dataclass(frozen=True, slots=True)
class AtMost:
    maximum: int

    def __call__(self, values: Sequence[Any]) -> Iterator[Fault]:
        if len(values) > self.maximum:
            yield Fault((), "TOO_MANY", f"Must have at most {self.maximum} items")

    def json_schema(self) -> dict[str, Any]:
        return {"maxItems": self.maximum}


@functools.cache
def timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


@described(examples=["Europe/Berlin"])
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

    def json_schema(self) -> dict[str, Any]:
        return {"pattern": "^[a-z0-9][a-z0-9_.:-]*$", "minLength": 1, "maxLength": self.maximum, "examples": ["prod"]}


@dataclass(frozen=True, slots=True)
class SomeOf:
    """At least one of a closed set of words, and none of them twice."""

    def __call__(self, words: Sequence[Enum]) -> Iterator[Fault]:
        if not words:
            yield Fault((), "EMPTY", "Must name at least one")
        for index, word in enumerate(words):
            if word in words[:index]:
                yield Fault((index,), "DUPLICATE", f"'{word.value}' stands here twice")

    def json_schema(self) -> dict[str, Any]:
        return {"minItems": 1, "uniqueItems": True}


@dataclass(frozen=True, slots=True)
class Shape:
    """The whole text matches the pattern; `message` says so in words."""

    pattern: str
    message: str
    example: str

    def __call__(self, value: str) -> Iterator[Fault]:
        if not re.fullmatch(self.pattern, value):
            yield Fault((), "BAD_SHAPE", self.message)

    def json_schema(self) -> dict[str, Any]:
        return {"pattern": f"^({self.pattern})$", "examples": [self.example]}


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

    def json_schema(self) -> dict[str, Any]:
        return {"format": "email", "examples": ["ops@example.com"]}


@dataclass(frozen=True, slots=True)
class HttpUrl:
    maximum: int = 2048

    def __call__(self, value: str) -> Iterator[Fault]:
        if len(value) > self.maximum:
            yield Fault((), "BAD_LENGTH", f"Must have at most {self.maximum} characters")
        elif message := url_fault(value):
            yield Fault((), "BAD_URL", message)

    def json_schema(self) -> dict[str, Any]:
        # What a URI may be to the letter (RFC 3986); a host or path in other letters is taken too.
        label, port = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?", ":[1-9][0-9]{0,3}"
        letters = "([a-zA-Z0-9._~:@!$&'()*+,;=/-]|%[0-9a-fA-F]{2})*"
        rest = rf"(/{letters})?(\?{letters})?(#{letters})?"
        pattern = rf"^https?://{label}(\.{label})*({port})?{rest}$"
        return {
            "format": "uri",
            "maxLength": self.maximum,
            "pattern": pattern,
            "examples": ["https://example.com/health"],
        }


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

    def json_schema(self) -> dict[str, Any]:
        name = {"pattern": f"^{TOKEN.pattern}$", "maxLength": 128, "not": {"enum": sorted(HOP_BY_HOP)}}
        value = {"type": "string", "maxLength": 4096, "pattern": r"^[^\x00-\x08\x0a-\x1f\x7f]*$"}
        return {"propertyNames": name, "additionalProperties": value, "maxProperties": self.maximum}


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
