"""`is0k settings`, and what is said about settings that cannot be."""

import json
from pathlib import Path

import pytest

from is0k.settings import CANARIES, Settings
from is0k.tests.cli.conftest import Is0k

NAMES = ["IS0K_" + name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_every_setting_is_listed_with_a_meaning(is0k: Is0k) -> None:
    rows = json.loads(is0k("settings", "--json").out)

    assert [row["name"] for row in rows] == NAMES
    assert all(row["meaning"] and row["source"] == "default" for row in rows)


def test_the_table_names_every_setting(is0k: Is0k) -> None:
    answer = is0k("settings")

    assert answer.code == 0
    assert [name for name in NAMES if name not in answer.out] == []


def test_the_source_is_told_and_the_value_is_not(is0k: Is0k, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IS0K_SECRET_KEY", "very-secret")
    monkeypatch.setenv("IS0K_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("IS0K_REGION", "")

    answer = is0k("settings", "--json")

    sources = {row["name"]: row["source"] for row in json.loads(answer.out)}
    assert sources["IS0K_SECRET_KEY"] == "environment"
    assert sources["IS0K_DATABASE_URL"] == "file"
    assert sources["IS0K_REGION"] == "default"
    assert "very-secret" not in answer.out


def test_every_fault_is_named_at_once_and_no_value_is_shown(is0k: Is0k, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IS0K_REGION", "Not A Region")
    monkeypatch.setenv("IS0K_LOG_LEVEL", "loud")

    answer = is0k("migrate")

    assert answer.code == 2
    assert answer.err.splitlines()[0] == "error: These settings are not valid:"
    assert [line.split(":")[0].strip() for line in answer.err.splitlines()[1:]] == ["IS0K_REGION", "IS0K_LOG_LEVEL"]
    assert "Not A Region" not in answer.err


def test_a_file_that_is_not_there_is_named(is0k: Is0k, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IS0K_SECRET_KEY_FILE", str(tmp_path / "nothing"))

    answer = is0k("migrate")

    assert answer.code == 2
    assert answer.err == f"error: A setting's file cannot be read: {tmp_path / 'nothing'}: No such file or directory\n"


@pytest.mark.parametrize(
    ("text", "canaries"),
    [
        ("192.168.1.1:53, nas.lan:22,[2001:db8::1]:53", ("192.168.1.1:53", "nas.lan:22", "[2001:db8::1]:53")),
        ("none", ()),
        ("", CANARIES),
    ],
)
def test_canaries_are_a_list_or_none(monkeypatch: pytest.MonkeyPatch, text: str, canaries: tuple[str, ...]) -> None:
    monkeypatch.setenv("IS0K_CANARIES", text)

    assert Settings().canaries == canaries


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IS0K_CANARIES", "192.168.1.1"),
        ("IS0K_CANARIES", "nas.lan:0"),
        ("IS0K_CANARIES", "nas.lan:65536"),
        ("IS0K_CANARIES", "none,nas.lan:22"),
        ("IS0K_CANARIES", "2001:db8::1:53"),
        ("IS0K_HEARTBEAT_URL", "ftp://elsewhere.example/"),
        ("IS0K_HEARTBEAT_URL", "elsewhere"),
    ],
)
def test_what_cannot_be_reached_is_no_setting(
    is0k: Is0k, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    answer = is0k("migrate")

    assert (answer.code, name in answer.err) == (2, True)


def test_the_default_canaries_are_shown_as_they_are_written(is0k: Is0k) -> None:
    defaults = {row["name"]: row["default"] for row in json.loads(is0k("settings", "--json").out)}

    assert defaults["IS0K_CANARIES"] == ",".join(CANARIES)
    assert sum(not canary[0].isdigit() for canary in CANARIES) >= 2
