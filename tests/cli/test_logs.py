"""The log of a process: one format for all, nothing secret in it, and no fuss when nobody reads it any more."""

import inspect
import json
import subprocess
import sys

import pytest
from uvicorn.protocols.websockets import websockets_sansio_impl

from is0k.cli.logs import DENIED

CONFIGURE = """
import logging, structlog
from is0k.cli import logs
from is0k.settings import Settings
logs.configure(Settings(), process="test")
log = structlog.get_logger("is0k.test")
"""
TELL = (
    CONFIGURE
    + """
log.info("hello", url="redis://:secret@host/0")
logging.getLogger("some.library").warning("key %s", "is0k_live_abc")
logging.getLogger("arq.worker").info("not worth a line")
log.debug("too small")
try:
    raise ValueError("postgres://me:secret@host/db")
except ValueError:
    log.exception("broken")
"""
)


REFUSE = (
    CONFIGURE
    + """
logging.getLogger("uvicorn.error").error("ASGI callable returned without completing handshake.")
logging.getLogger("uvicorn.error").error("Exception in ASGI application")
"""
)


def logged(program: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-c", program]
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=True, timeout=20)


def test_a_websocket_that_is_refused_is_no_error() -> None:
    assert DENIED in inspect.getsource(websockets_sansio_impl)
    lines = logged(REFUSE).stderr.splitlines()

    assert len(lines) == 1
    assert "Exception in ASGI application" in lines[0]


def test_json_is_one_object_a_line_with_the_libraries_in_it() -> None:
    lines = [json.loads(line) for line in logged(TELL, IS0K_LOG_FORMAT="json").stderr.splitlines()]

    hello, library, broken = lines
    assert hello.pop("timestamp").endswith("Z")
    assert hello == {
        "event": "hello",
        "level": "info",
        "logger": "is0k.test",
        "process": "test",
        "url": "redis://:••••@host/0",
    }
    assert (library["event"], library["level"], library["logger"]) == ("key is0k_live_••••", "warning", "some.library")
    assert "ValueError: postgres://me:••••@host/db" in broken["exception"]


def test_the_console_shows_the_same_without_secrets() -> None:
    told = logged(TELL).stderr

    assert "hello" in told
    assert "process=test" in told
    assert "is0k_live_••••" in told
    assert "ValueError: postgres://me:••••@host/db" in told
    assert "secret" not in told
    assert "not worth a line" not in told


def test_the_level_holds_for_all() -> None:
    assert "key" not in logged(TELL, IS0K_LOG_LEVEL="error").stderr
    assert "too small" in logged(TELL, IS0K_LOG_LEVEL="debug").stderr


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_reader_that_went_away_does_not_stop_the_program(log_format: str) -> None:
    program = CONFIGURE + "\nlog.info('one')\ninput()\nlog.info('two')\nlog.info('three')\nprint('done')"
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program],
        env={"IS0K_LOG_FORMAT": log_format},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stderr is not None
        assert b"one" in running.stderr.readline()
        running.stderr.close()
        running.stderr = None
        told, _ = running.communicate(b"\n", timeout=20)

    assert (told, running.returncode) == (b"done\n", 0)
