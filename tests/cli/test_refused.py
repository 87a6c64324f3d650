"""Where nothing can be started: a sentence or two on stderr, the exit code, and no process left."""

import os
import re
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from is0k.cli.supervisor.folder import LOCK, locked
from is0k.cli.supervisor.listener import listen
from is0k.tests.cli.conftest import Answer, Is0k
from is0k.tests.stage.processes import processes_in
from is0k.tests.stage.product import IS0K

pytestmark = pytest.mark.processes


def refused(folder: Path, *command: str, settings: Mapping[str, str] | None = None) -> Answer:
    """What a command answers that does not start; nothing of it may be left."""
    done = subprocess.run(
        [*IS0K, *command],
        cwd=folder,
        env={**os.environ, "IS0K_DATA_DIR": str(folder / "data"), **(settings or {})},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert processes_in(folder) == []
    return Answer(done.returncode, done.stdout, done.stderr)


def up(folder: Path, port: int = 0, settings: Mapping[str, str] | None = None) -> Answer:
    return refused(folder, "up", "--port", str(port), settings=settings)


def test_a_folder_that_is_in_use_is_told_with_the_process_that_has_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with locked(data):
        answer = up(tmp_path)

    told = f"error: The data folder {data} is in use by another is0k, process {os.getpid()}. "
    assert answer == (1, "", told + "Stop that one, or choose another folder with --data-dir.\n")


def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        answer = up(tmp_path, port)

    told = f"error: Port {port} on 127.0.0.1 is taken by another program. Choose another one: --port {port + 1}.\n"
    assert answer == (1, "", told)
    assert [path.name for path in (tmp_path / "data").iterdir()] == [LOCK]


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    answer = up(tmp_path)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error: The data folder {tmp_path / 'data'} cannot be written: ")


def test_a_database_of_a_newer_version_is_told(tmp_path: Path, is0k: Is0k, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IS0K_DATA_DIR", str(tmp_path / "data"))
    assert is0k("migrate").code == 0
    with closing(sqlite3.connect(tmp_path / "data" / "is0k.db")) as database, database:
        database.execute("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', '9999_later', '')")

    answer = up(tmp_path)

    assert (answer.code, answer.out) == (1, "")
    assert re.fullmatch(r"error: The database was migrated by a newer is0k \(it has 9999_later\)\. .*\n", answer.err)


def test_wrong_settings_are_wrong_use(tmp_path: Path) -> None:
    answer = up(tmp_path, settings={"IS0K_REGION": "Not A Region"})

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: These settings are not valid:\n  IS0K_REGION: ")
    assert not (tmp_path / "data").exists()


def test_an_api_alone_does_not_start_on_a_taken_port(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        answer = refused(tmp_path, "serve", "--port", str(port))

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error: Port {port} on 127.0.0.1 is taken by another program.")


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"]], ids=["serve", "worker"])
def test_neither_api_nor_worker_alone_make_a_database(command: list[str], tmp_path: Path) -> None:
    answer = refused(tmp_path, *command)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error: There is no database at {tmp_path / 'data' / 'is0k.db'}. ")
    assert not (tmp_path / "data").exists()
