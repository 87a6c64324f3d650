"""Basic authentication among the settings: an object, stored encrypted as a whole, masked in one of its fields."""

from dataclasses import replace
from typing import Any

import pytest

from is0k.schema import CreateMonitorInput
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import IpVersion, MonitorType
from is0k.schema.errors import ValidationFailed
from is0k.schema.http_settings import BasicAuth, HttpSettings, HttpSettingsInput, HttpSettingsPatch
from is0k.schema.rules import faults_of
from is0k.schema.scalars import StringMap
from is0k.schema.typed_settings import build, dump, load, masked, patch, secret_texts

PASSWORD = "correct horse"
SHOP = HttpSettings(url="https://shop.example", basic_auth=BasicAuth(username="monitor", password=PASSWORD))
Patch: Any = HttpSettingsPatch


def given(**fields: Any) -> Any:
    body = {"name": "Shop", "type": "http", "url": "https://shop.example", **fields}
    return read(CreateMonitorInput, body, Flat(MonitorType)).settings.http


def refused(**fields: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refusal:
        given(**fields)
    return {".".join(fault.field[2:]): fault.code for fault in refusal.value.faults}


def basic(username: str, password: str) -> Any:
    """As an input holds it."""
    return given(basicAuth={"username": username, "password": password}).basic_auth


def test_an_input_builds_the_settings_it_describes() -> None:
    settings = given(basicAuth={"username": "monitor", "password": PASSWORD}, ipVersion="ipv6")

    assert build(HttpSettings, settings) == replace(SHOP, ip_version=IpVersion.IPV6)
    assert isinstance(build(HttpSettings, settings).basic_auth, BasicAuth)


def test_it_is_stored_encrypted_as_a_whole_and_comes_back() -> None:
    open_part, secret_part = dump(SHOP)

    assert secret_part == {"basic_auth": {"username": "monitor", "password": PASSWORD}}
    assert "basic_auth" not in open_part
    assert load(HttpSettings, open_part | secret_part) == SHOP


def test_without_it_nothing_is_to_be_encrypted() -> None:
    settings = replace(SHOP, basic_auth=None)

    assert dump(settings)[1] == {}
    assert load(HttpSettings, dump(settings)[0]) == settings


def test_settings_stored_before_there_was_such_a_thing_are_read() -> None:
    assert load(HttpSettings, {"url": "https://shop.example"}) == replace(SHOP, basic_auth=None)


def test_a_read_masks_the_password_alone() -> None:
    assert masked(SHOP).basic_auth == BasicAuth(username="monitor", password="••••orse")
    assert SHOP.basic_auth == BasicAuth(username="monitor", password=PASSWORD)
    assert list(secret_texts(SHOP)) == [PASSWORD]


def test_the_mask_written_back_keeps_the_password() -> None:
    changed = patch(SHOP, Patch(basic_auth=basic("root", "••••orse")), ())

    assert changed.basic_auth == BasicAuth(username="root", password=PASSWORD)


def test_a_password_in_the_clear_is_new_and_null_is_none() -> None:
    assert patch(SHOP, Patch(basic_auth=basic("root", "new")), ()).basic_auth == BasicAuth(
        username="root", password="new"
    )
    assert patch(SHOP, Patch(basic_auth=None), ()).basic_auth is None
    assert patch(SHOP, Patch(keyword="ok"), ()).basic_auth == SHOP.basic_auth


@pytest.mark.parametrize("current", [SHOP, replace(SHOP, basic_auth=None)])
def test_the_mask_of_something_else_is_refused(current: HttpSettings) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        patch(current, Patch(basic_auth=basic("root", "••••else")), ("settings", "http"))

    [fault] = refusal.value.faults
    assert (fault.path, fault.code) == (("settings", "http", "basic_auth", "password"), "MASKED")


def test_user_name_and_password_have_their_rules() -> None:
    assert refused(basicAuth={"username": "a:b", "password": "x\ny"}) == {
        "basicAuth.username": "BAD_SHAPE",
        "basicAuth.password": "BAD_CHARACTER",
    }
    assert refused(basicAuth={"username": "", "realm": "x"}) == {
        "basicAuth.username": "BAD_SHAPE",
        "basicAuth.password": "REQUIRED",
        "basicAuth.realm": "UNKNOWN_FIELD",
    }
    assert refused(basicAuth="a:b") == {"basicAuth": "INVALID_TYPE"}
    assert basic("a", "").password == ""


def test_a_header_of_the_same_meaning_is_refused_beside_it() -> None:
    headers = StringMap({"authorization": "Bearer x"})

    assert [fault.path for fault in faults_of(replace(SHOP, headers=headers))] == [("basic_auth",)]
    assert list(faults_of(HttpSettingsInput(url="https://shop.example", headers=headers))) == []
