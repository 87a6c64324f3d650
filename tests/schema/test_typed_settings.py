"""Everything that is made from the one dataclass of a type's settings."""

from collections.abc import Iterator
from dataclasses import field, replace
from typing import Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry import UNSET
from strawberry.types.base import get_object_definition

from is0k.schema.enums import HttpMethod
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.http_settings import HttpSettings, HttpSettingsInput, HttpSettingsPatch
from is0k.schema.rules import Range, Shape, faults_of, rule
from is0k.schema.scalars import ExpectedStatus, StringMap
from is0k.schema.typed_settings import (
    as_input,
    as_patch,
    build,
    dump,
    load,
    mask,
    masked,
    patch,
    secret_texts,
    unmask,
)


@strawberry.type
class Door:
    """Settings of a type that there is not."""

    host: str
    port: int = strawberry.field(default=443, description="Where.", metadata=rule(Range(1, 65_535)))
    method: HttpMethod = HttpMethod.GET
    names: list[str] = strawberry.field(default_factory=lambda: ["a"])
    secrets: StringMap = strawberry.field(default_factory=lambda: StringMap({}), metadata={"secret": True})

    def faults(self) -> Iterator[Fault]:
        if self.port == 80 and self.host == "tls":
            yield Fault(("port",), "CONFLICT", "No")


@strawberry.type
class Safe:
    """Settings with a secret text that has a rule, and one that nobody writes."""

    token: str | None = strawberry.field(default=None, metadata=rule(Shape("[a-z0-9]+", "No", "a"), secret=True))
    headers: StringMap = strawberry.field(
        default_factory=lambda: StringMap({}), metadata={"secret": True, "harmless": frozenset(["accept"])}
    )
    before: strawberry.Private[str | None] = field(default=None, metadata={"secret": True})


SafeInput: Any = as_input(Safe)
SafePatch: Any = as_patch(Safe)
DoorInput: Any = as_input(Door)
DoorPatch: Any = as_patch(Door)

door = st.builds(
    Door,
    host=st.text(),
    port=st.integers(1, 65_535),
    method=st.sampled_from(HttpMethod),
    names=st.lists(st.text()),
    secrets=st.dictionaries(st.text(), st.text()).map(StringMap),
)


def test_the_input_and_the_patch_are_graphql_inputs_under_their_own_names() -> None:
    for kind, name in ((DoorInput, "DoorInput"), (DoorPatch, "DoorPatch")):
        definition = get_object_definition(kind, strict=True)
        assert (definition.name, definition.is_input) == (name, True)
        assert [field.python_name for field in definition.fields] == ["host", "port", "method", "names", "secrets"]
        assert [field.description for field in definition.fields] == [None, "Where.", None, None, None]


def test_the_input_has_the_defaults_and_the_rules_of_the_settings() -> None:
    given = DoorInput(host="x")

    assert build(Door, given) == Door(host="x", port=443, method=HttpMethod.GET, names=["a"], secrets=StringMap({}))
    assert given.faults is not None


def test_the_defaults_of_two_inputs_are_two() -> None:
    DoorInput(host="x").names.append("b")

    assert DoorInput(host="x").names == ["a"]


def test_a_patch_holds_nothing_until_somebody_says_something() -> None:
    assert set(vars(DoorPatch()).values()) == {UNSET}


@given(door)
def test_a_patch_that_says_nothing_changes_nothing(current: Door) -> None:
    assert patch(current, DoorPatch(), ()) == current


@given(door, door)
def test_a_patch_that_says_everything_changes_everything(current: Door, other: Door) -> None:
    changed = patch(current, DoorPatch(**{**vars(other), "secrets": StringMap({"new": "x"})}), ())

    assert changed == replace(other, secrets=StringMap({"new": "x"}))


def test_a_patch_sets_what_is_present_and_keeps_what_is_absent() -> None:
    current = Door(host="a", port=22, names=["x"])

    assert patch(current, DoorPatch(port=23), ()) == Door(host="a", port=23, names=["x"])
    assert current.port == 22


def test_a_null_goes_back_to_the_default() -> None:
    changed = patch(Door(host="a", port=22, names=["x"]), DoorPatch(port=None, names=None), ())

    assert changed == Door(host="a", port=443, names=["a"])


def test_a_null_for_what_has_no_default_is_refused_under_its_path() -> None:
    with pytest.raises(ValidationFailed) as refused:
        patch(Door(host="a"), DoorPatch(host=None), ("settings", "door"))

    [fault] = refused.value.faults
    assert (fault.path, fault.code) == (("settings", "door", "host"), "REQUIRED")


def test_a_patch_whose_whole_does_not_fit_is_refused() -> None:
    with pytest.raises(ValidationFailed) as refused:
        patch(Door(host="tls"), DoorPatch(port=80), ("settings",))

    assert [fault.path for fault in refused.value.faults] == [("settings", "port")]


@given(door)
def test_what_is_dumped_loads_to_the_same(settings: Door) -> None:
    open_part, secret_part = dump(settings)

    assert load(Door, open_part | secret_part) == settings


def test_only_the_secret_part_holds_secrets() -> None:
    open_part, secret_part = dump(Door(host="a", method=HttpMethod.POST, secrets=StringMap({"Token": "x"})))

    assert open_part == {"host": "a", "port": 443, "method": "POST", "names": ["a"]}
    assert secret_part == {"secrets": {"Token": "x"}}


def test_an_empty_secret_needs_no_encryption() -> None:
    assert dump(Door(host="a"))[1] == {}


def test_names_of_a_newer_program_are_left_alone() -> None:
    assert load(Door, {"host": "a", "colour": "red"}) == Door(host="a")


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("", "••••"), ("short", "••••"), ("12345678", "••••"), ("123456789", "••••6789"), ("Bearer abcdef", "••••cdef")],
)
def test_a_mask_shows_the_last_four_of_what_is_long_enough(secret: str, shown: str) -> None:
    assert mask(secret) == shown


@given(st.dictionaries(st.text(), st.text()))
def test_a_mask_written_back_keeps_what_is_stored(stored: dict[str, str]) -> None:
    assert unmask(stored, {name: mask(value) for name, value in stored.items()}) == stored


def test_what_is_written_in_the_clear_is_new() -> None:
    stored = {"Authorization": "Bearer 123456789", "X-Gone": "123456789"}
    written = {"Authorization": "Bearer new", "X-New": "fresh", "X-Other": "••••6789"}

    assert unmask(stored, written) == written


def test_http_settings_default_to_a_get_that_expects_200() -> None:
    assert build(HttpSettings, HttpSettingsInput(url="https://a.example")) == HttpSettings(
        url="https://a.example",
        method=HttpMethod.GET,
        expected_status=ExpectedStatus(["200"]),
        headers=StringMap({}),
        follow_redirects=True,
        verify_tls=True,
    )


def test_the_headers_of_http_settings_are_kept_through_a_patch_of_their_masks() -> None:
    current = HttpSettings(url="https://a.example", headers=StringMap({"Authorization": "Bearer 123456789"}))
    changes: Any = HttpSettingsPatch
    masked = changes(headers=StringMap({"Authorization": "••••6789", "X-New": "1"}))

    changed = patch(current, masked, ())

    assert changed.headers == {"Authorization": "Bearer 123456789", "X-New": "1"}


SAFE = Safe(
    token="abcdefghijkl", headers=StringMap({"Accept": "text/plain", "X-Key": "123456789"}), before="zyxwvutsrqpo"
)


def test_a_read_masks_secret_texts_and_of_maps_what_is_not_harmless() -> None:
    assert masked(SAFE) == Safe(
        token="••••ijkl", headers=StringMap({"Accept": "text/plain", "X-Key": "••••6789"}), before="••••rqpo"
    )
    assert SAFE.token == "abcdefghijkl"
    assert masked(Safe()) == Safe()
    assert sorted(secret_texts(SAFE)) == ["123456789", "abcdefghijkl", "zyxwvutsrqpo"]


def test_what_is_private_is_stored_and_can_neither_be_written_nor_lost_by_a_patch() -> None:
    assert [field.python_name for field in get_object_definition(SafeInput, strict=True).fields] == ["token", "headers"]
    assert [field.python_name for field in get_object_definition(SafePatch, strict=True).fields] == ["token", "headers"]
    assert dump(SAFE)[0] == {}
    assert load(Safe, dump(SAFE)[1]) == SAFE
    assert patch(SAFE, SafePatch(token="new"), ()) == replace(SAFE, token="new")


def test_the_rule_of_a_secret_lets_a_mask_through_in_a_patch_and_nowhere_else() -> None:
    assert list(faults_of(SafePatch(token="••••ijkl"))) == []
    assert [fault.code for fault in faults_of(SafePatch(token="NO"))] == ["BAD_SHAPE"]
    assert [fault.code for fault in faults_of(SafeInput(token="••••ijkl"))] == ["BAD_SHAPE"]


def test_the_mask_of_what_is_stored_keeps_it() -> None:
    assert patch(SAFE, SafePatch(token="••••ijkl"), ()) == SAFE


@pytest.mark.parametrize("current", [SAFE, Safe()])
def test_the_mask_of_something_else_is_refused(current: Safe) -> None:
    with pytest.raises(ValidationFailed) as refused:
        patch(current, SafePatch(token="••••0000"), ("settings", "safe"))

    [fault] = refused.value.faults
    assert (fault.path, fault.code) == (("settings", "safe", "token"), "MASKED")
