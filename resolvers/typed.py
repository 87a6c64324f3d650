"""Nouns of several types, each with settings of its own: monitors and alert channels."""

from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.typed_settings import patch

T = TypeVar("T", bound=Enum)


def chosen(types: type[T], settings: object) -> tuple[T, Any]:
    """The one settings object a `@oneOf` input holds, and the type it stands for."""
    for field in fields(settings):  # type: ignore[arg-type]
        if value := getattr(settings, field.name, None):
            return types(field.name), value
    raise ValidationFailed([Fault(("settings",), "REQUIRED", "Give the settings of exactly one type")])


def changed(noun: str, own: Enum, current: Any, given: object) -> Any:
    """`current`, the settings of a noun of type `own`, with what a `@oneOf` patch says."""
    type, changes = chosen(own.__class__, given)
    if type is not own:
        message = f"This is a {noun} of type {own.value}; the type cannot change"
        raise ValidationFailed([Fault(("settings", type.value), "IMMUTABLE", message)])
    return patch(current, changes, ("settings", own.value))
