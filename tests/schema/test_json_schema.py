"""From types and rules to JSON Schema: what the document allows, the rule allows, and the other way round."""

import re
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from strawberry import UNSET

from is0k.schema.coercion import read
from is0k.schema.errors import ValidationFailed
from is0k.schema.example import Examples
from is0k.schema.faults import Fault
from is0k.schema.json_schema import Schemas
from is0k.schema.rules import Each, Headers, HttpUrl, Range, Rule, Slug, Text, described, rule, schema_of
from is0k.schema.scalars import ExpectedStatus, StringMap
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.enum(description="A colour.")
class Colour(Enum):
    RED = strawberry.enum_value("red", description="Like a rose.")
    BLUE = "blue"


class Kind(Enum):
    CAR = "car"
    BOAT = "boat"


@strawberry.type
class CarSettings:
    wheels: int = strawberry.field(metadata=rule(Range(3, 6)))
    colour: Colour = Colour.RED


@strawberry.type
class BoatSettings:
    sails: int | None = None


CarInput: TypeAlias = as_input(CarSettings)  # type: ignore[valid-type]
CarPatch: TypeAlias = as_patch(CarSettings)  # type: ignore[valid-type]
BoatInput: TypeAlias = as_input(BoatSettings)  # type: ignore[valid-type]
BoatPatch: TypeAlias = as_patch(BoatSettings)  # type: ignore[valid-type]


@strawberry.type(description="Something that moves.")
class Vehicle:
    id: strawberry.ID
    type: Kind
    owner_ids: list[strawberry.ID]
    monitor_ids: list[strawberry.ID]
    made_at: datetime | None
    extra: strawberry.scalars.JSON
    settings: CarSettings | BoatSettings = strawberry.field(metadata={"flat": True})

    @strawberry.field
    def speed(self) -> int:
        return 1


@strawberry.input(one_of=True)
class Choice:
    car: CarInput | None = UNSET
    boat: BoatInput | None = UNSET


@strawberry.input(one_of=True)
class Change:
    car: CarPatch | None = UNSET
    boat: BoatPatch | None = UNSET


@strawberry.input
class Part:
    name: str = strawberry.field(metadata=rule(Text(1, 10)))


@strawberry.input
class CreateVehicle:
    name: str = strawberry.field(description="What it is called.", metadata=rule(Text(1, 10), example="Bee"))
    settings: Choice = strawberry.field(metadata={"flat": True})
    tags: list[str] = strawberry.field(default_factory=list, metadata=rule(Each(Slug(), 3)))
    parts: list[Part] = strawberry.field(default_factory=list)
    expected: ExpectedStatus | None = None
    labels: StringMap = strawberry.field(default_factory=lambda: StringMap({}))


@strawberry.input
class UpdateVehicle:
    name: str | None = UNSET
    settings: Change | None = UNSET
    tags: list[str] | None = UNSET


def schemas() -> Schemas:
    return Schemas({CarSettings: "car", BoatSettings: "boat"}, "#/named/")


def is_valid(made: Schemas, schema: Any, value: Any) -> bool:
    return bool(Draft202012Validator({**schema, "named": made.named}).is_valid(value))


def test_what_is_shown_is_one_schema_for_each_type_with_the_settings_beside_the_rest() -> None:
    made = schemas()
    made.noun(Vehicle)

    assert made.named["Vehicle"] == {
        "description": "Something that moves.",
        "discriminator": {
            "propertyName": "type",
            "mapping": {"car": "#/named/VehicleCar", "boat": "#/named/VehicleBoat"},
        },
        "oneOf": [{"$ref": "#/named/VehicleCar"}, {"$ref": "#/named/VehicleBoat"}],
    }
    boat = made.named["VehicleBoat"]
    names = ["id", "type", "ownerIds", "monitorIds", "madeAt", "extra", "sails"]
    assert (list(boat["properties"]), boat["required"]) == (names, names)
    assert boat["properties"]["type"] == {"type": "string", "const": "boat"}
    assert boat["properties"]["sails"]["type"] == ["integer", "null"]


def test_an_id_looks_like_that_of_its_noun_where_there_is_one() -> None:
    made = schemas()
    made.noun(Vehicle)
    shown = made.named["VehicleCar"]["properties"]

    assert shown["monitorIds"]["items"]["pattern"] == "^mon_[0-7][0123456789abcdefghjkmnpqrstvwxyz]{25}$"
    assert shown["ownerIds"] == {"type": "array", "items": {"type": "string"}}
    assert re.match(shown["monitorIds"]["items"]["pattern"], shown["monitorIds"]["items"]["examples"][0])


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        ({"name": "a", "type": "car", "wheels": 4}, True),
        ({"name": "a", "type": "boat"}, True),
        ({"name": "a", "type": "boat", "sails": None, "parts": [{"name": "mast"}], "expected": "2xx"}, True),
        ({"name": "a", "type": "boat", "wheels": 4}, False),
        ({"name": "a", "type": "car", "wheels": 2}, False),
        ({"name": "a", "type": "car", "wheels": 4, "colour": "green"}, False),
        ({"name": "a", "wheels": 4}, False),
        ({"type": "boat"}, False),
        ({"name": "a", "type": "boat", "tags": ["x", "x"]}, False),
        ({"name": "a", "type": "boat", "tags": None}, False),
        ({"name": "a", "type": "boat", "parts": [{}]}, False),
        ({"name": "a", "type": "boat", "labels": {"a": 1}}, False),
    ],
)
def test_what_makes_is_chosen_by_its_type(value: Any, is_taken: bool) -> None:
    made = schemas()

    assert is_valid(made, made.flat_input(CreateVehicle), value) == is_taken


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        ({}, True),
        ({"wheels": 4}, True),
        ({"type": "boat", "sails": None}, True),
        ({"tags": None, "colour": None}, True),
        ({"madeAt": ["anything"]}, True),
        ({"name": None}, False),
        ({"wheels": None}, False),
        ({"type": "boat", "wheels": 4}, False),
        ({"speed": 1}, False),
    ],
)
def test_what_changes_may_leave_all_out_and_null_clears_what_has_a_default(value: Any, is_taken: bool) -> None:
    made = schemas()

    assert is_valid(made, made.flat_input(UpdateVehicle, CreateVehicle, ["madeAt"]), value) == is_taken


@pytest.mark.parametrize(
    ("ignored", "value", "is_taken"),
    [
        (["parts.weight"], {"parts": [{"name": "mast", "weight": "any"}]}, True),
        (["parts.weight"], {"parts": [{"name": "mast", "colour": "red"}]}, False),
        (["parts.weight"], {"parts": [{"weight": 1}]}, False),
        ([], {"parts": [{"name": "mast", "weight": 1}]}, False),
    ],
)
def test_what_is_passed_over_may_stand_in_the_objects_of_a_list(ignored: list[str], value: Any, is_taken: bool) -> None:
    made = schemas()

    schema = made.flat_input(CreateVehicle, CreateVehicle, ignored)
    assert is_valid(made, schema, value) == is_taken


def test_words_are_explained() -> None:
    made = schemas()
    made.of(Colour)

    assert made.named["Colour"] == {
        "type": "string",
        "enum": ["red", "blue"],
        "description": "A colour. `red`: Like a rose.",
    }


def test_an_example_is_made_of_the_schema() -> None:
    made = schemas()
    examples = Examples(made.named)

    assert examples.of(made.flat_input(CreateVehicle), is_whole=False) == {"name": "Bee", "type": "car", "wheels": 3}
    assert examples.of(made.noun(Vehicle))["madeAt"] == "2026-11-24T09:00:00.000Z"


RULES: dict[str, Rule] = {
    "line": Text(1, 20),
    "longer line": Text(3, 20),
    "line or nothing": Text(0, 20),
    "lines": Text(0, 20, is_line=False),
    "slug": Slug(),
    "url": HttpUrl(),
}


@pytest.mark.parametrize("name", RULES)
@given(data=st.data())
def test_what_the_document_allows_the_rule_allows(name: str, data: st.DataObject) -> None:
    schema = schema_of(RULES[name])
    longest = schema["maxLength"]
    text = data.draw(
        st.from_regex(schema["pattern"].removesuffix("$") + r"\Z").filter(lambda text: len(text) <= longest)
    )

    assert list(RULES[name](text)) == []


@pytest.mark.parametrize("name", [name for name in RULES if name != "url"])
@given(text=st.text(max_size=25) | st.text("ab1.- \n\t\x00", max_size=25))
def test_what_the_rule_allows_the_document_allows(name: str, text: str) -> None:
    is_documented = Draft202012Validator({"type": "string", **schema_of(RULES[name])}).is_valid(text)

    # Python's `$` is also before a last line break; a validator of another language has no such `$`.
    assert (list(RULES[name](text)) == []) == (is_documented and (name == "lines" or not text.endswith("\n")))


@given(st.dictionaries(st.text("aZ-_ :\n", max_size=4) | st.just("host"), st.text("a\t\n\x7f", max_size=3), max_size=3))
def test_headers_are_documented_as_they_are_judged(headers: dict[str, str]) -> None:
    is_documented = Draft202012Validator({"type": "object", **Headers().json_schema()}).is_valid(headers)

    assert (list(Headers()(headers)) == []) == (
        is_documented
        and not any(n.endswith("\n") for n in headers)
        and not any(v.endswith("\n") for v in headers.values())
    )


@given(
    st.recursive(
        st.none() | st.integers(90, 610) | st.floats(90, 610) | st.text("12xX0", max_size=4) | st.booleans(),
        lambda inner: st.lists(inner, max_size=22),
        max_leaves=22,
    )
)
def test_an_expected_status_is_documented_as_it_is_judged(value: Any) -> None:
    made = schemas()

    @strawberry.input
    class Holder:
        status: ExpectedStatus

    assert is_valid(made, made.input(Holder), {"status": value}) == is_read(Holder, {"status": value})


def is_read(kind: type[Any], raw: Any) -> bool:
    try:
        read(kind, raw)
    except ValidationFailed:
        return False
    return True


def test_a_rule_that_is_a_function_may_be_described() -> None:
    @described(pattern="^x$")
    def only_x(value: str) -> list[Fault]:
        return []

    assert schema_of(Each(only_x, 2)) == {"items": {"pattern": "^x$"}, "maxItems": 2, "uniqueItems": True}
    assert schema_of(lambda value: ()) == {}
