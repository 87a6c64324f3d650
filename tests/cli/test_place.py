"""What the supervisor holds before it starts anything, and the settings that follow from it."""

from pathlib import Path

import pytest

from is0k.cli.faults import Failure
from is0k.cli.supervisor.folder import locked
from is0k.cli.supervisor.listener import listen
from is0k.cli.supervisor.place import occupied
from is0k.settings import Settings


def test_the_public_address_is_the_one_it_listens_at(tmp_path: Path) -> None:
    with occupied(Settings(data_dir=tmp_path), "127.0.0.1", 0) as place:
        port = place.listening.getsockname()[1]

        assert place.settings.public_url == place.url == f"http://127.0.0.1:{port}"


def test_a_public_address_that_is_set_stays(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, public_url="https://status.example.com")

    with occupied(settings, "127.0.0.1", 0) as place:
        assert place.settings.public_url == "https://status.example.com"
        assert place.url.startswith("http://127.0.0.1:")


def test_a_relative_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with occupied(Settings(data_dir=Path("data")), "127.0.0.1", 0) as place:
        assert place.settings.data_dir == tmp_path / "data"


def test_without_the_port_the_folder_is_let_go(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match="is taken by another program"), occupied(settings, "127.0.0.1", port):
            pass

    with locked(tmp_path) as was_left:
        assert not was_left
