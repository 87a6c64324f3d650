"""The command line as people use it, and real processes that are killed for real."""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from is0k.cli import main
from is0k.tests.stage.postgres import Postgres

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]  # /proc tells what runs and what is left


class Answer(NamedTuple):
    code: int
    out: str
    err: str


Is0k = Callable[..., Answer]


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop the supervisor uses."""
    return "asyncio", {"use_uvloop": False}


@pytest.fixture
def is0k(monkeypatch: pytest.MonkeyPatch) -> Is0k:
    """A command in this process: it has loaded everything already."""

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["is0k", *arguments])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ending:
            main()
        return Answer(int(ending.value.code or 0), out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def on_database(postgres: Postgres | None) -> dict[str, str]:
    return database_of(postgres)


def database_of(postgres: Postgres | None) -> dict[str, str]:
    """What makes a process use the database of the session, which is emptied for it."""
    if postgres is None:
        return {}
    postgres.empty()
    return {"IS0K_DATABASE_URL": postgres.url}
