"""Inputs of which only a part is given: what is present is set, what is absent kept, null goes back to the default."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from strawberry import UNSET

from is0k.schema.typed_settings import default_of


def said(input: Any, whole: type[Any], *apart: str) -> Iterator[tuple[str, Any]]:
    """Name and value of each field that is set, those `apart` left out; a null is the default `whole` has for it."""
    defaults = {field.name: field for field in dataclasses.fields(whole)}
    for field in dataclasses.fields(input):
        value = getattr(input, field.name)
        if value is not UNSET and field.name not in apart:
            yield field.name, default_of(defaults[field.name]) if value is None else value
