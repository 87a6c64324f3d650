"""One dataclass per type of monitor or alert channel, and everything that is made from it.

`HttpSettings` is the GraphQL output type; `as_input` makes what `create` takes, `as_patch` what `update` takes (every
field may be absent), `dump` and `load` are its stored form, and `coercion.py` reads it flat from REST. Settings are
stored as JSON, so a new one needs no migration.

A field with `secret=True` in its metadata is stored encrypted and shown `masked`; of a map with `harmless` names only
the other values are, and of an object, which is stored encrypted as a whole, the fields of its own that are secret. One
with `read_only=True` is ours: shown by a read, not stored here, and nobody's to write.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry import UNSET
from strawberry.types.base import get_object_definition

from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault

S = TypeVar("S")

MASK = "••••"


@cache
def as_input(settings: type[S]) -> type[S]:
    """The same fields as a GraphQL input named `<Settings>Input`."""
    return _copy(settings, f"{settings.__name__}Input", is_patch=False)


def as_patch(settings: type[S]) -> type[S]:
    """The same fields as a GraphQL input named `<Settings>Patch`; absent keeps, null goes back to the default."""
    return _copy(settings, f"{settings.__name__}Patch", is_patch=True)


def _copy(settings: type[S], name: str, *, is_patch: bool) -> type[S]:
    hints = get_type_hints(settings)
    namespace: dict[str, Any] = {"__annotations__": {}, "__module__": settings.__module__}
    for field in _public_fields(settings):
        hint, metadata = _input_hint(hints[field.name]), dict(field.metadata)
        default: dict[str, Any] = {}
        if is_patch:
            hint, default = hint | None, {"default": UNSET}
            metadata = _forgiving(metadata)
        elif field.default is not dataclasses.MISSING:
            default = {"default": field.default}
        elif field.default_factory is not dataclasses.MISSING:
            default = {"default_factory": field.default_factory}
        namespace["__annotations__"][field.name] = hint
        namespace[field.name] = strawberry.field(
            **default, metadata=metadata, description=getattr(field, "description", None)
        )
    if hasattr(settings, "faults"):
        namespace["faults"] = settings.faults  # type: ignore[attr-defined]
    namespace["made_of"] = settings
    return strawberry.input(type(name, (), namespace))


def _input_hint(hint: Any) -> Any:
    """An object among the settings is written as its own input, whole: a patch replaces it."""
    if (inner := _object_in(hint)) is None:
        return hint
    return as_input(inner) if inner is hint else as_input(inner) | None


def _object_in(hint: Any) -> type | None:
    """The class of objects that a field holds, or None is allowed beside."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return next((kind for kind in kinds if get_object_definition(kind) is not None), None)


def _public_fields(settings: type) -> "list[dataclasses.Field[Any]]":
    """Without what is nobody's to write: `strawberry.Private`, which is stored beside the rest, and what is ours."""
    names = {field.python_name for field in get_object_definition(settings, strict=True).fields}
    return [field for field in dataclasses.fields(settings) if field.name in names and not is_read_only(field)]


def is_read_only(field: "dataclasses.Field[Any]") -> bool:
    return bool(field.metadata.get("read_only"))


def _forgiving(metadata: dict[Any, Any]) -> dict[Any, Any]:
    """A patch may hold the mask of a secret: what it stands for is known only when it meets the stored one."""
    is_ruled_secret = metadata.get("secret") and "rule" in metadata
    return {**metadata, "rule": UnlessMasked(metadata["rule"])} if is_ruled_secret else metadata


@dataclasses.dataclass(frozen=True, slots=True)
class UnlessMasked:
    check: Callable[[Any], Iterable[Fault]]

    def __call__(self, value: Any) -> Iterable[Fault]:
        return () if _is_mask(value) else self.check(value)


def build(settings: type[S], given: Any) -> S:
    """The settings an `as_input` object describes."""
    return settings(**{field.name: _built(getattr(given, field.name)) for field in dataclasses.fields(given)})


def _built(value: Any) -> Any:
    return build(value.made_of, value) if hasattr(value, "made_of") else value


def patch(current: S, changes: Any, path: tuple[str, ...]) -> S:
    """`current` with what an `as_patch` object says; a null goes back to the default.

    Raises ValidationFailed, with fields below `path`, when a null clears what has no default or the whole does not fit.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in dataclasses.fields(current):  # type: ignore[arg-type]
        value = getattr(changes, field.name, UNSET)
        if value is UNSET:
            continue
        value = _built(value)
        if value is None:
            value = default_of(field)
        if value is dataclasses.MISSING:
            faults.append(Fault((field.name,), "REQUIRED", "Must not be null"))
        elif field.metadata.get("secret"):
            value = unmask(getattr(current, field.name), value)
            faults += [fault.below(field.name) for fault in _mask_faults(value)]
        values[field.name] = value
    changed = dataclasses.replace(current, **values)  # type: ignore[type-var]
    faults += changed.faults() if not faults and hasattr(changed, "faults") else []
    if faults:
        raise ValidationFailed([fault.below(*path) for fault in faults])
    return changed


def default_of(field: "dataclasses.Field[Any]") -> Any:
    """What the field is when nobody says; MISSING when somebody must."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def dump(settings: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stored form, as (open, secret): the secret part must be encrypted before it is written."""
    parts: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        if is_read_only(field):
            continue
        value = getattr(settings, field.name)
        is_secret = bool(field.metadata.get("secret")) and bool(value)
        parts[is_secret][field.name] = _dumped(value)
    return parts


def _dumped(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value.value if isinstance(value, Enum) else value


def load(settings: type[S], stored: Mapping[str, Any]) -> S:
    """Back from `dump`. Names the program does not know are left alone, so that a downgrade can still read."""
    readers = _readers(settings)  # type: ignore[arg-type]  # a class is hashable
    return settings(**{name: read(stored[name]) for name, read in readers.items() if name in stored})


@cache
def _readers(settings: Any) -> dict[str, Callable[[Any], Any]]:
    return {name: _reader(hint) for name, hint in get_type_hints(settings).items()}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a field comes back from JSON: enums from their word, objects from theirs, all else as it is."""
    if inner := _object_in(hint):
        return lambda value: value and load(inner, value)
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else lambda value: value


def masked(settings: S) -> S:
    """The same settings as a read shows them."""
    # A list masks every row: this takes a fifth of the time of copy.copy.
    shown = object.__new__(type(settings))
    vars(shown).update(vars(settings))
    for name, harmless in _secret_fields(type(settings)):  # type: ignore[arg-type]  # a class is hashable
        setattr(shown, name, _masked(getattr(settings, name), harmless))
    return shown


def _masked(value: Any, harmless: Collection[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: text if name.lower() in harmless else mask(text) for name, text in value.items()}
    if dataclasses.is_dataclass(value):
        return masked(value)
    return mask(value) if isinstance(value, str) else value


@cache
def _secret_fields(settings: Any) -> list[tuple[str, Collection[str]]]:
    return [
        (field.name, field.metadata.get("harmless", ()))
        for field in dataclasses.fields(settings)
        if field.metadata.get("secret")
    ]


def secret_texts(settings: object) -> Iterator[str]:
    """Every text in it that a read would mask, to be kept out of messages too."""
    for name, harmless in _secret_fields(type(settings)):  # type: ignore[arg-type]  # a class is hashable
        value = getattr(settings, name)
        if isinstance(value, Mapping):
            yield from (text for key, text in value.items() if key.lower() not in harmless and text)
        elif dataclasses.is_dataclass(value):
            yield from secret_texts(value)
        elif isinstance(value, str) and value:
            yield value


def mask(text: str) -> str:
    return MASK + text[-4:] if len(text) > 8 else MASK


def unmask(stored: Any, written: Any) -> Any:
    """What to store when somebody writes back what a read has masked."""
    if isinstance(stored, Mapping) and isinstance(written, Mapping):
        return {name: unmask(stored.get(name), value) for name, value in written.items()}
    if dataclasses.is_dataclass(written) and not isinstance(written, type):
        names = [name for name, _ in _secret_fields(type(written))]
        kept = {name: unmask(getattr(stored, name, None), getattr(written, name)) for name in names}
        return dataclasses.replace(written, **kept)
    return stored if isinstance(stored, str) and written == mask(stored) else written


def _is_mask(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(MASK)


def _mask_faults(value: Any) -> Iterator[Fault]:
    if dataclasses.is_dataclass(value):
        for name, _ in _secret_fields(type(value)):  # type: ignore[arg-type]  # a class is hashable
            yield from (fault.below(name) for fault in _mask_faults(getattr(value, name)))
    if _is_mask(value):
        yield Fault((), "MASKED", "Is not the mask of what is stored; write the value itself, or leave it out")
