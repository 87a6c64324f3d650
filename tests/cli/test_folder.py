"""The data folder: private, writable, and used by one supervisor at a time."""

import os
import re
from pathlib import Path

import pytest

from is0k.cli.faults import Failure
from is0k.cli.supervisor.folder import LOCK, locked, make


def test_it_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with locked(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700


def test_a_second_one_is_told_who_has_it(tmp_path: Path) -> None:
    told = rf"is in use by another is0k, process {os.getpid()}\."
    with locked(tmp_path), pytest.raises(Failure, match=told), locked(tmp_path):
        pass


def test_it_is_let_go_at_the_end(tmp_path: Path) -> None:
    with locked(tmp_path) as was_left:
        assert not was_left

    with locked(tmp_path) as was_left:
        assert not was_left


def test_it_shows_when_the_one_before_was_killed(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("4711")

    with locked(tmp_path) as was_left:
        assert was_left
        assert (tmp_path / LOCK).read_text() == str(os.getpid())


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_file_in_its_place_is_told(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Failure, match=re.escape(f"The data folder {tmp_path / path} cannot be written: ")):
        make(tmp_path / path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(Failure, match="cannot be written: Permission denied"):
        make(tmp_path / "data")
