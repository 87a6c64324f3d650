"""From JSON to an input object, with every fault at once: how REST (and later the configuration file) reads inputs.

GraphQL's own coercion stops at the first fault of a value and speaks of GraphQL; this one goes on and speaks of fields.
The rules are the same: unknown fields are refused, a required field must be there, and only a number is a number.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import orjson
from strawberry import UNSET

from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault, Verbatim, camel
from is0k.schema.rules import faults_of
from is0k.schema.scalars import SCALARS

Path = tuple[str | int, ...]

# Far more than any input has levels; a tree of somebody's own making must not reach Python's recursion limit.
LONGEST_PATH = 32

NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


class Flat(NamedTuple):
    """REST shows the settings of a type beside the common fields: `type`, one of `types`, tells which they are.

    `fixed` is the type of a noun that exists; without it the body's own `type` decides.
    """

    types: type[Enum]
    fixed: Enum | None = None


def read(
    kind: type[Any], raw: Mapping[str, Any], flat: Flat | None = None, ignored: frozenset[str] = frozenset()
) -> Any:
    """The input object `raw` describes. Raises ValidationFailed with all that is wrong: shapes, rules, unknown names.

    `ignored` are names passed over in silence (what a read shows and a write cannot change): see `plain.field_names`.
    """
    reader = Reader(ignored)
    value = reader.input(kind, raw, (), flat)
    faults = [*reader.faults, *_unless_known(faults_of(value), reader.faults)]
    if faults:
        raise ValidationFailed(faults)
    return value


def read_text(kind: type[Any], raw: Mapping[str, str | Sequence[str]]) -> Any:
    """The same from a query string, where everything is text and a list is a name that stands several times."""
    hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
    typed: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        hint, name = hints[field.name], camel(field.name)
        if name not in raw:
            continue
        given = raw[name]
        texts = [given] if isinstance(given, str) else given
        if is_list(hint):
            typed[name] = [_from_text(get_args(without_none(hint))[0], text) for text in texts]
        else:
            typed[name] = _from_text(hint, texts[-1])
    return read(kind, typed)


def is_list(hint: Any) -> bool:
    return get_origin(without_none(hint)) is list


def _from_text(hint: Any, text: str) -> Any:
    """What JSON would have it mean; text that means nothing stays text, and is then told to be of the wrong type."""
    hint = without_none(hint)
    if hint in (int, float, bool) and text == text.strip():
        try:
            value = orjson.loads(text)
        except ValueError:
            return text
        return text if value is None else value
    return text


def _unless_known(more: Any, known: list[Fault]) -> list[Fault]:
    """A value that is missing or of the wrong shape has been told already."""
    paths = {fault.path for fault in known}
    return [fault for fault in more if fault.path not in paths]


def flattened(error: ValidationFailed) -> ValidationFailed:
    """The same faults for somebody who wrote the settings flat: `settings http url` is `url` to them, and what is wrong
    with `settings http` itself is wrong with the `type`."""
    return ValidationFailed([_flattened(fault) for fault in error.faults])


def _flattened(fault: Fault) -> Fault:
    if fault.path[:1] != ("settings",) or len(fault.path) < 2:
        return fault
    return Fault(fault.path[2:] or ("type",), fault.code, fault.message)


class Reader:
    """Reads one document; `faults` collects on the way. What is faulty is left UNSET, and the rest is judged."""

    def __init__(self, ignored: frozenset[str]) -> None:
        self.ignored = ignored
        self.faults: list[Fault] = []

    def input(self, kind: type[Any], raw: Any, path: Path, flat: Flat | None = None) -> Any:
        if not isinstance(raw, Mapping):
            return self._fault(path, "INVALID_TYPE", "Must be an object")
        known = {camel(field.name): field for field in dataclasses.fields(kind)}
        raw = self._folded(known, raw, flat) if flat else raw
        for name in raw:
            if name not in known and _place(path, name) not in self.ignored:
                self._fault((*path, Verbatim(name)), "UNKNOWN_FIELD", "Is not a field here")
        values = {field.name: self._field(kind, field, raw, name, path) for name, field in known.items()}
        return _made(kind, values)

    def _folded(self, known: Mapping[str, Any], raw: Mapping[str, Any], flat: Flat) -> Mapping[str, Any]:
        """The flat body with its settings put where the input has them: `{"settings": {"http": {…}}}`."""
        type = self._type(raw, flat)
        common = {name: value for name, value in raw.items() if name in known and name != "settings"}
        rest = {name: value for name, value in raw.items() if name not in known and name != "type"}
        own = {name: value for name, value in rest.items() if name not in self.ignored}
        if "settings" in raw:
            self._fault(("settings",), "UNKNOWN_FIELD", "Settings stand beside the other fields, not inside this one")
        if type is None or (flat.fixed and not own):
            return common | ({} if type or flat.fixed else {"settings": UNSET})
        return common | {"settings": {type.value: own}}

    def _type(self, raw: Mapping[str, Any], flat: Flat) -> Enum | None:
        given = self.value(flat.types, raw["type"], ("type",)) if "type" in raw else flat.fixed
        if given is None:
            self._fault(("type",), "REQUIRED", "Is required")
        elif flat.fixed and given is not UNSET and given is not flat.fixed:
            self._fault(("type",), "IMMUTABLE", f"Is {flat.fixed.value} and cannot change")
            return flat.fixed
        return given if isinstance(given, Enum) else flat.fixed

    def _field(self, kind: type[Any], field: Any, raw: Mapping[str, Any], name: str, path: Path) -> Any:
        if name in raw and raw[name] is UNSET:
            return UNSET
        if name in raw:
            hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
            return self.value(hints[field.name], raw[name], (*path, field.name))
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        if field.default is not dataclasses.MISSING:
            return field.default
        return self._fault((*path, field.name), "REQUIRED", "Is required")

    def value(self, hint: Any, raw: Any, path: Path) -> Any:
        inner = without_none(hint)
        if len(path) > LONGEST_PATH:
            return self._fault(path, "TOO_DEEP", "Is nested too deeply")
        if raw is None:
            return None if inner is not hint else self._fault(path, "REQUIRED", "Must not be null")
        if inner in SCALARS or inner is datetime:
            return self._scalar(SCALARS[inner].parse_value, raw, path)
        if get_origin(inner) is list:
            return self._list(get_args(inner)[0], raw, path)
        if dataclasses.is_dataclass(inner):
            return self.input(inner, raw, path)  # type: ignore[arg-type]
        if isinstance(inner, type) and issubclass(inner, Enum):
            return self._word(inner, raw, path)
        return self._plain(inner, raw, path)

    def _scalar(self, parse: Callable[[Any], Any] | None, raw: Any, path: Path) -> Any:
        assert parse is not None
        try:
            return parse(raw)
        except ValueError as error:
            return self._fault(path, "INVALID_VALUE", str(error))

    def _list(self, item: Any, raw: Any, path: Path) -> Any:
        if not isinstance(raw, list):
            return self._fault(path, "INVALID_TYPE", "Must be a list")
        values = [self.value(item, value, (*path, index)) for index, value in enumerate(raw)]
        return UNSET if UNSET in values else values

    def _word(self, words: type[Enum], raw: Any, path: Path) -> Any:
        for member in words:
            if raw == member.value:
                return member
        return self._fault(path, "INVALID_VALUE", f"Must be one of: {', '.join(str(m.value) for m in words)}")

    def _plain(self, kind: Any, raw: Any, path: Path) -> Any:
        kind = getattr(kind, "__supertype__", kind)  # strawberry.ID is a str
        if kind is float and isinstance(raw, int) and not isinstance(raw, bool):
            return float(raw)
        if kind is int and isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if type(raw) is not kind or (kind is int and abs(raw) > 2**31 - 1):
            return self._fault(path, "INVALID_TYPE", f"Must be {NAMES[kind]}")
        return raw

    def _fault(self, path: Path, code: str, message: str) -> Any:
        self.faults.append(Fault(path, code, message))
        return UNSET


def _place(path: Path, name: str) -> str:
    """`components.position`, of whichever component."""
    return ".".join([*(camel(part) for part in path if isinstance(part, str)), name])


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        return rest[0] if len(rest) == 1 else hint
    return hint


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """The object, faulty fields left UNSET: its own constructor would stop at the first."""
    made = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made
