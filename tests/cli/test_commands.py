"""What every command has in common."""

import subprocess
import sys

import pytest
import typer

from is0k.cli.commands import app
from is0k.tests.cli.conftest import Is0k

HEAVY = {"asyncio", "pydantic", "rich", "sqlite3", "strawberry", "structlog", "tortoise", "uvicorn"}


def commands(of: typer.Typer, *before: str) -> list[tuple[str, ...]]:
    here = [(*before, each.name or each.callback.__name__) for each in of.registered_commands if each.callback]
    below = [
        path
        for group in of.registered_groups
        if group.typer_instance and group.name
        for path in commands(group.typer_instance, *before, group.name)
    ]
    return here + below


COMMANDS = commands(app)
HIDDEN = {("demo_targets",)}


def test_these_are_the_commands() -> None:
    assert set(COMMANDS) - HIDDEN == {
        ("up",),
        ("demo",),
        ("serve",),
        ("worker",),
        ("migrate",),
        ("key", "create"),
        ("key", "list"),
        ("key", "delete"),
        ("plan", "set"),
        ("doctor",),
        ("settings",),
        ("version",),
    }


@pytest.mark.parametrize("command", [path for path in COMMANDS if path not in HIDDEN], ids=" ".join)
def test_every_command_explains_itself_with_an_example(command: tuple[str, ...], is0k: Is0k) -> None:
    answer = is0k(*command, "--help")

    assert answer.code == 0
    assert f"Example:  is0k {' '.join(command)}" in answer.out


def test_help_names_every_command_and_nothing_hidden(is0k: Is0k) -> None:
    answer = is0k("--help")

    assert answer.code == 0
    assert [word for (word, *_) in COMMANDS if f"  {word} " not in answer.out] == ["demo_targets"]
    assert "demo-targets" not in answer.out
    assert "..." not in answer.out.partition("Commands:")[2]


def test_help_loads_nothing_heavy() -> None:
    program = f"import is0k.cli.commands, sys; print(sorted({HEAVY!r} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout == "[]\n"


@pytest.mark.parametrize("wrong", [["nonsense"], ["up", "--port", "70000"], ["key", "create"], ["plan", "set", "gold"]])
def test_wrong_use_is_exit_code_two(wrong: list[str], is0k: Is0k) -> None:
    answer = is0k(*wrong)

    assert (answer.code, answer.out) == (2, "")
    assert "Traceback" not in answer.err


def test_version(is0k: Is0k) -> None:
    answer = is0k("version")

    assert answer.code == 0
    assert answer.out.startswith("is0k ")
    assert is0k("--version").out == answer.out
