"""From a type to its JSON Schema (2020-12): what REST shows and takes, said in the words of the types and their rules.

    schemas = Schemas(variants)
    schemas.noun(schema.Monitor)               # {"$ref": "#/components/schemas/Monitor"}
    schemas.named                              # what the references lead to

A noun of several types, its settings flat beside its common fields, is one schema for each type.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import strawberry
from strawberry.types.base import get_object_definition

from is0k.schema.coercion import without_none
from is0k.schema.faults import camel
from is0k.schema.ids import pattern_of, prefix_of_noun, sample
from is0k.schema.plain import SERIALIZE, plain, shown_fields
from is0k.schema.rules import schema_of
from is0k.schema.scalars import JSON_SCHEMAS, SCALARS

Json = dict[str, Any]
Field = "dataclasses.Field[Any]"

PLAIN: dict[Any, Json] = {
    str: {"type": "string"},
    strawberry.ID: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": -(2**31) + 1, "maximum": 2**31 - 1},
    float: {"type": "number"},
    strawberry.scalars.JSON: {"description": "Any JSON."},
}
PASSED_OVER: Json = {"description": "Shown by a read, and passed over here: what was read may be written back."}


class Schemas:
    """`variants` tells for each class of settings the word of its type."""

    def __init__(self, variants: Mapping[type, str], place: str = "#/components/schemas/") -> None:
        self.variants, self.place = variants, place
        self.named: dict[str, Json] = {}

    def of(self, hint: Any) -> Json:
        """The schema of a value."""
        inner = without_none(hint)
        if inner is not hint:
            return nullable(self.of(inner))
        if inner in PLAIN:
            return dict(PLAIN[inner])
        if inner in SCALARS or inner is datetime:
            return self._scalar(inner)
        if get_origin(inner) is list:
            return {"type": "array", "items": self.of(get_args(inner)[0])}
        if isinstance(inner, type) and issubclass(inner, Enum):
            return self._words(inner)
        if members := get_args(inner):
            return {"anyOf": [self.of(member) for member in members]}
        definition = get_object_definition(inner, strict=True)
        return self.input(inner) if definition.is_input else self.noun(inner)

    def noun(self, kind: type[Any]) -> Json:
        """What a read shows."""
        return self._keep(kind.__name__, lambda: self._noun(kind))

    def _noun(self, kind: type[Any]) -> Json:
        hints, fields = get_type_hints(kind, include_extras=False), shown_fields(kind)
        common = [field for field in fields if not field.metadata.get("flat")]
        properties = {camel(field.name): self.field(field, hints[field.name], kind) for field in common}
        description = get_object_definition(kind, strict=True).description
        flat = [hints[field.name] for field in fields if field.metadata.get("flat")]
        if not flat:
            return _object(properties, properties, description)
        of_type = {}
        for settings in get_args(flat[0]) or (flat[0],):
            word = self.variants[settings]
            own = properties | _only(word) | self._own(settings)
            of_type[word] = _object(own, own)
        return self._one_of(kind.__name__, of_type, description)

    def _own(self, settings: type[Any]) -> dict[str, Json]:
        hints = get_type_hints(settings)
        return {camel(field.name): self.field(field, hints[field.name], settings) for field in shown_fields(settings)}

    def input(self, kind: type[Any], model: type[Any] | None = None, ignored: Iterable[str] = ()) -> Json:
        """What a write takes. `model` is the input that makes what this one changes: what that requires stays."""
        return self._keep(kind.__name__, lambda: self._input(kind, self._taken(kind, model), ignored))

    def flat_input(self, kind: type[Any], model: type[Any] | None = None, ignored: Iterable[str] = ()) -> Json:
        """The same of an input whose settings stand beside its common fields. Changing, the type need not be told."""

        def make() -> Json:
            common = self._taken(kind, model, leave_out="settings")
            choice = get_type_hints(kind)["settings"]
            of_type = {
                word: self._input(kind, {**common, **own}, ignored, [] if model else ["type"])
                for word, own in self._choices(without_none(choice), is_patch=model is not None)
            }
            return self._one_of(kind.__name__, of_type, keyword="anyOf" if model else "oneOf")

        return self._keep(kind.__name__, make)

    def _choices(self, choice: type[Any], is_patch: bool) -> Iterator[tuple[str, dict[str, tuple[Json, bool]]]]:
        hints = get_type_hints(choice)
        for field in dataclasses.fields(choice):
            own = without_none(hints[field.name])
            taken = self._taken(own, own.made_of if is_patch else None)
            yield field.name, {"type": (_only(field.name)["type"], False), **taken}

    def _taken(self, kind: type[Any], model: type[Any] | None, leave_out: str = "") -> dict[str, tuple[Json, bool]]:
        """Each field's schema, and whether it is required."""
        hints = get_type_hints(kind)
        needed = {field.name for field in dataclasses.fields(model or kind) if not _has_default(field)}
        taken = {}
        for field in dataclasses.fields(kind):
            if field.name == leave_out:
                continue
            # Null goes back to the default; where there is none it would clear what must be there.
            hint = without_none(hints[field.name]) if model and field.name in needed else hints[field.name]
            taken[camel(field.name)] = (self.field(field, hint), not model and field.name in needed)
        return taken

    def _input(
        self, kind: type[Any], taken: dict[str, tuple[Json, bool]], ignored: Iterable[str], more: Iterable[str] = ()
    ) -> Json:
        properties = self._forgiving({name: schema for name, (schema, _) in taken.items()}, ignored)
        required = [*more, *(name for name, (_, is_required) in taken.items() if is_required)]
        description = get_object_definition(kind, strict=True).description
        return _object(properties, required, description) | {"additionalProperties": False}

    def _forgiving(self, properties: dict[str, Json], ignored: Iterable[str]) -> dict[str, Json]:
        """With the names that are passed over; `parts.weight` is one of the objects in the list `parts`."""
        inner = defaultdict[str, list[str]](list)
        for name, _, below in (name.partition(".") for name in sorted(ignored)):
            if below:
                inner[name].append(below)
            properties = {**properties, name: properties.get(name, PASSED_OVER)}
        for name, names in inner.items():
            if item := properties[name].get("items"):
                whole = self.named[item["$ref"].removeprefix(self.place)]
                forgiving = whole | {"properties": self._forgiving(whole["properties"], names)}
                properties = properties | {name: properties[name] | {"items": forgiving}}
        return properties

    def field(self, field: Any, hint: Any, owner: type[Any] | None = None) -> Json:
        """Of an input; with the noun that owns it, of what a read shows, which is not held to the rules of writing."""
        inner = without_none(hint)
        ruled = schema_of(field.metadata.get("rule"))
        if owner:
            ruled = {key: value for key, value in ruled.items() if key == "examples"}
        schema = merged(merged(self.of(inner), ruled), _id_schema(field.name, owner))
        if "example" in field.metadata:
            schema["examples"] = [_json(inner, field.metadata["example"])]
        schema = schema if inner is hint else nullable(schema)
        if description := getattr(field, "description", None):
            schema["description"] = description
        default = _default(field)
        return schema if default is None else schema | {"default": _json(inner, default)}

    def _scalar(self, kind: Any) -> Json:
        name = "DateTime" if kind is datetime else kind.__name__
        description = {"description": SCALARS[kind].description}
        return self._keep(name, lambda: JSON_SCHEMAS.get(kind, {}) | description)

    def _words(self, words: type[Enum]) -> Json:
        definition: Any = words.__strawberry_definition__  # type: ignore[attr-defined]
        texts = [f"`{item.value}`: {item.description}" for item in definition.values if item.description]
        described = " ".join([definition.description or "", *texts]).strip()
        schema: Json = {"type": "string", "enum": [item.value for item in words]}
        return self._keep(words.__name__, lambda: schema | ({"description": described} if described else {}))

    def _one_of(
        self, name: str, of_type: Mapping[str, Json], description: str | None = None, keyword: str = "oneOf"
    ) -> Json:
        places = {}
        for word, schema in of_type.items():
            own_name = f"{name}{word.title()}"
            self.named[own_name] = schema
            places[word] = self.place + own_name
        told: Json = {"description": description} if description else {}
        if keyword == "oneOf":
            told["discriminator"] = {"propertyName": "type", "mapping": places}
        choices = [{"$ref": place} for place in places.values()]
        return {**told, keyword: choices} if keyword == "oneOf" or len(choices) > 1 else choices[0]

    def _keep(self, name: str, make: Any) -> Json:
        if name not in self.named:
            self.named[name] = {}  # it may lead to itself
            self.named[name] = make()
        return {"$ref": self.place + name}


def nullable(schema: Json) -> Json:
    if isinstance(schema.get("type"), str) and not {"$ref", "const"} & schema.keys():
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def merged(schema: Json, more: Json) -> Json:
    """Both at once; the items of a list are merged in turn."""
    items = {"items": merged(schema["items"], more["items"])} if "items" in schema and "items" in more else {}
    return {**schema, **more, **items}


def _object(properties: Mapping[str, Json], required: Iterable[str], description: str | None = None) -> Json:
    told = {"description": description} if description else {}
    return {"type": "object", **told, "properties": dict(properties), "required": list(required)}


def _only(word: str) -> dict[str, Json]:
    return {"type": {"type": "string", "const": word}}


def _id_schema(name: str, owner: type[Any] | None) -> Json:
    """`id` of an AlertChannel and `alertChannelIds` anywhere are those of alert channels."""
    noun = owner.__name__ if name == "id" and owner else name.removesuffix("s").removesuffix("_id")
    prefix = prefix_of_noun(noun) if name == "id" or name.removesuffix("s").endswith("_id") else None
    if prefix is None:
        return {}
    schema: Json = {"pattern": pattern_of(prefix), "examples": [sample(prefix)]}
    return {"items": schema} if name.endswith("s") else schema


def _has_default(field: Any) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _default(field: Any) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    is_given = field.default is not dataclasses.MISSING and field.default is not strawberry.UNSET
    return field.default if is_given else None


def _json(kind: Any, value: Any) -> Any:
    return SERIALIZE[kind](value) if kind in SERIALIZE else plain(value)
