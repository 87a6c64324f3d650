"""What the README says to type is typed here: every command of its `sh` blocks."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from is0k.tests.stage.api import Api
from is0k.tests.stage.product import Product, new_monitor, running

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

ROOT = Path(__file__).parents[2]
README_URL = re.compile(r"http://(?:127\.0\.0\.1|localhost):8000")
# Its own exit code does not tell 200 from 404.
CURL = "curl --silent --show-error --fail-with-body"

# Where the README says .venv/bin/is0k, and at a port that is surely free.
COMMAND = """#!/bin/sh
case "$1" in up|demo) set -- "$@" --port 0;; esac
exec '{python}' -P -m is0k "$@"
"""


def commands() -> Iterator[str]:
    for block in re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE):
        yield from split(block)


def split(block: str) -> Iterator[str]:
    """The commands of a block: a line, and the ones after it as long as a quote or a backslash leaves it open."""
    command = ""
    for line in block.splitlines():
        command += line.removeprefix("$ ")
        if command.endswith("\\") or not is_complete(command):
            command += "\n"
            continue
        if shlex.split(command, comments=True):
            yield command
        command = ""
    assert not command, f"a command without an end: {command}"


def is_complete(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return True


def kind_of(command: str) -> str:
    words = [word for word in shlex.split(command, comments=True) if "=" not in word]
    program = Path(words[0]).name if words else ""
    if program == "git" or program == "cd":
        return "elsewhere"
    if program in ("is0k", "make") and words[1] in ("up", "demo"):
        return "server"
    return {"make": "target", "curl": "request"}.get(program, "command")


def of_kind(kind: str) -> list[str]:
    return [command for command in commands() if kind_of(command) == kind]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the commands see of the repository when they stand in it: the Makefile, and is0k where it is installed."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "is0k").write_text(COMMAND.format(python=sys.executable))
    (programs / "is0k").chmod(0o755)
    (tmp_path / "Makefile").symlink_to(ROOT / "Makefile")
    return tmp_path


@pytest.mark.timeout(60)
@pytest.mark.parametrize("command", of_kind("server"))
async def test_a_server_gets_ready_and_stops(command: str, checkout: Path) -> None:
    # `make test` has installed everything already.
    command = command.replace("make up", "make --silent --assume-old install up")

    async with running(Product(checkout, command=["bash", "-c", command])) as product:
        assert product.key


@pytest.mark.timeout(60)
@pytest.mark.parametrize("command", of_kind("request"))
async def test_a_request_is_answered(command: str, product: Product, api: Api) -> None:
    monitor_id = await new_monitor(api, "http://127.0.0.1:9/")
    command = re.sub(r"\bcurl\b", CURL, README_URL.sub(product.url, command), count=1)
    command = re.sub(r"\bmon_\w+", monitor_id, command)

    answer = json.loads(type_in(command, product.folder, KEY=product.key or "", ID=monitor_id))

    assert answer["data"] is not None
    assert not answer.get("error") and not answer.get("errors")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("command", of_kind("command"))
async def test_another_command_ends_well(command: str, product: Product, checkout: Path) -> None:
    assert type_in(command, checkout, IS0K_DATA_DIR=str(product.data_dir), **product.settings)


@pytest.mark.parametrize("command", of_kind("target"))
def test_a_target_of_make_exists(command: str) -> None:
    target = shlex.split(command, comments=True)[1]

    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def type_in(command: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=os.environ | {"NO_PROXY": "127.0.0.1"} | environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
