"""REST shows the settings of a type beside the common fields: how such a body is read."""

from typing import Any

import pytest
from strawberry import UNSET

from is0k.schema import CreateMonitorInput, Monitor, MonitorType, UpdateMonitorInput
from is0k.schema.coercion import Flat, flattened, read
from is0k.schema.enums import KeywordMode
from is0k.schema.errors import ValidationFailed
from is0k.schema.plain import field_names

NEW, EDIT = Flat(MonitorType), Flat(MonitorType, MonitorType.HTTP)
SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example"}
READ_ONLY = field_names(Monitor)


def faults(kind: type[Any], raw: dict[str, Any], flat: Flat, ignored: frozenset[str] = frozenset()) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refused:
        read(kind, raw, flat, ignored)
    return {".".join(fault.field): fault.code for fault in flattened(refused.value).faults}


def test_the_settings_stand_beside_the_common_fields() -> None:
    made = read(CreateMonitorInput, {**SHOP, "retries": 0, "keyword": "ok", "keywordMode": "absent"}, NEW)

    assert (made.name, made.retries) == ("Shop", 0)
    assert made.settings.http.url == "https://shop.example"
    assert (made.settings.http.keyword, made.settings.http.keyword_mode) == ("ok", KeywordMode.ABSENT)


def test_the_type_must_be_told() -> None:
    assert faults(CreateMonitorInput, {"name": "Shop", "url": "https://shop.example"}, NEW) == {"type": "REQUIRED"}


@pytest.mark.parametrize(("type", "code"), [("ftp", "INVALID_VALUE"), ("HTTP", "INVALID_VALUE"), (None, "REQUIRED")])
def test_a_type_there_is_not_is_refused(type: object, code: str) -> None:
    assert faults(CreateMonitorInput, {**SHOP, "type": type}, NEW) == {"type": code}


def test_the_common_fields_are_judged_even_where_the_type_is_wrong() -> None:
    assert faults(CreateMonitorInput, {"name": 1, "type": "ftp", "retries": 99}, NEW) == {
        "type": "INVALID_VALUE",
        "name": "INVALID_TYPE",
        "retries": "OUT_OF_RANGE",
    }


def test_faults_of_the_settings_are_told_where_the_settings_were_written() -> None:
    raw = {**SHOP, "url": "ftp://x", "headers": {"Host": "x"}, "expectedStatus": 1, "colour": "red", "retries": -1}

    assert faults(CreateMonitorInput, raw, NEW) == {
        "retries": "OUT_OF_RANGE",
        "url": "BAD_URL",
        "headers.Host": "BAD_HEADER_NAME",
        "expectedStatus": "INVALID_VALUE",
        "colour": "UNKNOWN_FIELD",
    }


def test_settings_of_a_new_monitor_may_lack_only_what_has_a_default() -> None:
    assert faults(CreateMonitorInput, {"name": "Shop", "type": "http"}, NEW) == {"url": "REQUIRED"}


@pytest.mark.parametrize(("kind", "flat"), [(CreateMonitorInput, NEW), (UpdateMonitorInput, EDIT)])
def test_settings_inside_settings_are_refused(kind: type[Any], flat: Flat) -> None:
    nested = {**SHOP, "settings": {"http": {"url": "https://shop.example"}}}

    assert faults(kind, nested, flat) == {"settings": "UNKNOWN_FIELD"}


def test_an_edit_need_not_tell_the_type() -> None:
    edit = read(UpdateMonitorInput, {"url": "https://new.example"}, EDIT)

    assert edit.settings.http.url == "https://new.example"
    assert (edit.name, edit.settings.http.method) == (UNSET, UNSET)


def test_an_edit_may_repeat_the_type_and_not_change_it() -> None:
    assert read(UpdateMonitorInput, {"type": "http", "name": "New"}, EDIT).name == "New"
    assert faults(UpdateMonitorInput, {"type": "tcp", "name": ""}, EDIT) == {
        "type": "IMMUTABLE",
        "name": "BAD_LENGTH",
    }


def test_an_edit_without_settings_leaves_them_alone() -> None:
    assert read(UpdateMonitorInput, {"name": "New"}, EDIT).settings is UNSET


def test_an_edit_may_write_back_what_it_has_read() -> None:
    shown = {"id": "mon_1", "status": "up", "createdAt": "x", "lastLatencyMs": 1, **SHOP}

    edit = read(UpdateMonitorInput, shown, EDIT, READ_ONLY)

    assert (edit.name, edit.settings.http.url) == ("Shop", "https://shop.example")


def test_an_edit_of_nothing_but_what_cannot_change_says_nothing() -> None:
    edit = read(UpdateMonitorInput, {"id": "mon_1", "status": "up"}, EDIT, READ_ONLY)

    assert {value for value in vars(edit).values() if value is not UNSET} == set()


def test_a_misspelt_field_of_an_edit_is_refused() -> None:
    assert faults(UpdateMonitorInput, {"nmae": "x"}, EDIT, READ_ONLY) == {"nmae": "UNKNOWN_FIELD"}


def test_a_null_setting_is_kept_as_a_null_for_the_verb() -> None:
    assert read(UpdateMonitorInput, {"keyword": None}, EDIT).settings.http.keyword is None


def test_a_new_monitor_shows_no_read_only_fields() -> None:
    assert faults(CreateMonitorInput, {**SHOP, "id": "mon_1", "status": "up"}, NEW) == {
        "id": "UNKNOWN_FIELD",
        "status": "UNKNOWN_FIELD",
    }
