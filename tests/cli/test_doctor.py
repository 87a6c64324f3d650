"""`is0k doctor` as people use it."""

import json
from pathlib import Path

import pytest

from is0k.tests.cli.conftest import Is0k


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, on_database: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IS0K_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IS0K_CANARIES", "none")  # the default ones are elsewhere in the world
    for name, value in on_database.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "data"


def test_every_finding_is_one_line_that_says_what_to_do(is0k: Is0k) -> None:
    is0k("migrate")

    lines = is0k("doctor").out.splitlines()

    assert {line[:9].strip() for line in lines} <= {"ok", "warning", "fault"}
    assert [line for line in lines if line.startswith("warning  Redis")] == [
        "warning  Redis: The bundled Valkey is not running: it starts and ends with is0k. To mend it: is0k up"
    ]
    assert any(line.startswith("ok       database: ") for line in lines)


def test_json_has_the_same_findings(is0k: Is0k) -> None:
    is0k("migrate")

    findings = json.loads(is0k("doctor", "--json").out)

    lines = is0k("doctor").out.splitlines()
    assert [(each["level"], each["name"]) for each in findings] == [
        (line[:9].strip(), line[9:].partition(": ")[0]) for line in lines
    ]
    assert all(set(each) == {"name", "level", "message", "remedy"} for each in findings)


def test_without_a_fault_the_exit_code_is_zero_and_with_one_it_is_one(
    is0k: Is0k, monkeypatch: pytest.MonkeyPatch
) -> None:
    is0k("migrate")
    before = is0k("doctor", "--json")
    monkeypatch.setenv("IS0K_REDIS_URL", "redis://:pass-word@127.0.0.1:1")

    after = is0k("doctor", "--json")

    faults = {each["name"] for each in json.loads(before.out) if each["level"] == "fault"}
    assert before.code == (1 if faults else 0)  # the machine of the tests has its own health
    assert {each["name"] for each in json.loads(after.out) if each["level"] == "fault"} == {"Redis", *faults}
    assert (after.code, after.err) == (1, "")


def test_no_password_is_shown(is0k: Is0k, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IS0K_DATABASE_URL", "postgres://me:pass-word@127.0.0.1:1/is0k")
    monkeypatch.setenv("IS0K_REDIS_URL", "redis://:other-word@127.0.0.1:1")

    answer = is0k("doctor")

    assert answer.code == 1
    assert "does not answer" in answer.out
    assert "-word" not in answer.out + answer.err


def test_a_new_machine_is_left_as_it_was(is0k: Is0k, in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IS0K_DATABASE_URL", raising=False)

    answer = is0k("doctor")

    assert f"There is no database at {in_folder / 'is0k.db'} yet." in answer.out
    assert not in_folder.exists()
