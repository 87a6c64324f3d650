"""`is0k migrate`, `key` and `plan`: on a database, without a server."""

import json
import re
from pathlib import Path

import pytest

from is0k.cli.database import check_redis
from is0k.cli.faults import Failure
from is0k.cli.key import ScopeName
from is0k.cli.plan import PlanName
from is0k.schema.api_key import is_well_formed
from is0k.schema.enums import Plan, Scope
from is0k.settings import Settings
from is0k.tests.cli.conftest import Is0k


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, on_database: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IS0K_DATA_DIR", str(tmp_path / "data"))
    for name, value in on_database.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "data"


@pytest.fixture
def migrated(is0k: Is0k) -> dict[str, str]:
    """What the first migration has made."""
    first_start: dict[str, str] = json.loads(is0k("migrate", "--json").out)["firstStart"]
    return first_start


def test_the_first_migration_makes_an_organization_and_a_second_has_nothing_to_do(
    is0k: Is0k, migrated: dict[str, str]
) -> None:
    assert migrated["email"] == "admin@localhost"
    assert is_well_formed(migrated["apiKey"])
    assert is0k("migrate") == (0, "Nothing to do.\n", "")


def test_key_create_prints_the_key_alone(is0k: Is0k, migrated: dict[str, str]) -> None:
    answer = is0k("key", "create", "--name", "deploy", "--scope", "write", "--expires-days", "30")

    assert answer.code == 0
    assert is_well_formed(answer.out.removesuffix("\n"))
    assert re.fullmatch(r"Made key_\w{26} with the scope 'write'\. .*\n", answer.err)


def test_a_key_is_listed_until_it_is_deleted(is0k: Is0k, migrated: dict[str, str]) -> None:
    made = json.loads(is0k("key", "create", "--name", "deploy", "--json").out)
    listed = json.loads(is0k("key", "list", "--json").out)
    table = is0k("key", "list").out
    deleted = is0k("key", "delete", made["id"], "--json")

    assert is_well_formed(made.pop("key"))
    assert listed[0] == made
    assert (made["name"], made["scope"], made["expiresAt"], made["lastUsedAt"]) == ("deploy", "read", None, None)
    assert made["id"] in table
    assert json.loads(deleted.out) == {"id": made["id"], "deleted": True}
    assert [key["name"] for key in json.loads(is0k("key", "list", "--json").out)] == ["First key"]


def test_what_is_wrong_is_told_in_one_sentence(is0k: Is0k, migrated: dict[str, str]) -> None:
    assert is0k("key", "delete", "key_nothing") == (1, "", "error: API key with ID key_nothing not found\n")
    assert is0k("key", "create", "--name", " ") == (
        1,
        "",
        "error: Not valid: name\n  name: Must have 1 to 100 characters\n",
    )


def test_the_words_of_the_command_line_are_those_of_the_schema() -> None:
    assert [each.value for each in ScopeName] == [each.value for each in Scope]
    assert [each.value for each in PlanName] == [each.value for each in Plan]


def test_a_plan_is_set(is0k: Is0k, migrated: dict[str, str]) -> None:
    assert is0k("plan", "set", "pro").out == "The plan is now pro.\n"
    assert json.loads(is0k("plan", "set", "business", "--rate-limit", "900", "--json").out) == {
        "plan": "business",
        "rateLimit": 900,
    }


def test_a_wrong_secret_key_is_told(is0k: Is0k, migrated: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IS0K_SECRET_KEY", "abc")

    answer = is0k("key", "list")

    assert answer.code == 1
    assert answer.err.startswith("error: IS0K_SECRET_KEY must be 32 bytes")


def test_a_database_that_is_not_there_is_not_made_by_accident(
    is0k: Is0k, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IS0K_DATABASE_URL", raising=False)

    answer = is0k("key", "list")

    assert answer.code == 1
    assert answer.err.startswith(f"error: There is no database at {in_folder / 'is0k.db'}.")
    assert not in_folder.exists()


def test_a_database_that_does_not_answer_is_told_without_its_password(
    is0k: Is0k, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IS0K_DATABASE_URL", "postgres://me:pass-word@127.0.0.1:1/is0k")

    answer = is0k("migrate")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: The database does not answer")
    assert "pass-word" not in answer.err


def test_a_redis_that_does_not_answer_is_told_without_its_password(is0k: Is0k) -> None:
    with pytest.raises(Failure) as refused:
        check_redis(Settings(redis_url="redis://:pass-word@127.0.0.1:1"))

    told = (
        "The Redis that IS0K_REDIS_URL names does not answer: Error 111 connecting to 127.0.0.1:1. Connection refused."
    )
    assert str(refused.value) == told
