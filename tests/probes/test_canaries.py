"""One canary is tried: does somebody answer, is its name unknown, or is nobody there?"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from is0k.probes.canaries import Canary, Dial, Sign
from is0k.tests.probes.conftest import Names

pytestmark = pytest.mark.anyio


class Silence(AbstractResolver):
    """A name server that never answers."""

    async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
        await asyncio.Event().wait()
        return []

    async def close(self) -> None:
        pass


@pytest.fixture
async def dial(names: Names) -> AsyncIterator[Dial]:
    dial = Dial(names)
    yield dial
    await dial.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("text", "canary"),
    [
        ("192.0.2.1:443", Canary("192.0.2.1", 443)),
        ("[2001:db8::1]:53", Canary("2001:db8::1", 53)),
        ("name.example:80", Canary("name.example", 80)),
    ],
)
def test_a_canary_is_read_as_it_is_shown(text: str, canary: Canary) -> None:
    assert Canary.read(text) == canary
    assert str(canary) == text


def test_a_name_is_no_address() -> None:
    named = {text: Canary.read(text).is_name for text in ("192.0.2.1:443", "[2001:db8::1]:53", "name.example:80")}

    assert named == {"192.0.2.1:443": False, "[2001:db8::1]:53": False, "name.example:80": True}


@pytest.mark.parametrize("host", ["127.0.0.1", "canary.test"])
async def test_one_that_takes_the_connection_answers(dial: Dial, port: int, host: str) -> None:
    assert await dial(Canary(host, port)) is Sign.ANSWERS


@pytest.mark.parametrize("host", ["127.0.0.1", "canary.test"])
async def test_one_that_refuses_it_answers_too(dial: Dial, listener: socket.socket, port: int, host: str) -> None:
    listener.close()

    assert await dial(Canary(host, port)) is Sign.ANSWERS


async def test_an_unknown_name_is_no_fault_of_the_network(dial: Dial, port: int) -> None:
    assert await dial(Canary("canary.nowhere", port)) is Sign.NAMELESS


async def test_a_name_server_that_does_not_answer_is_not_waited_for(port: int) -> None:
    assert await Dial(Silence(), timeout_seconds=0.01)(Canary("canary.test", port)) is Sign.NAMELESS


@pytest.mark.parametrize("host", ["127.0.0.1", "canary.test"])
async def test_one_that_says_nothing_is_not_waited_for(
    names: Names, listener: socket.socket, port: int, host: str
) -> None:
    listener.listen(0)
    with socket.create_connection(("127.0.0.1", port)):  # the queue of a listener that accepts nobody is full
        assert await Dial(names, timeout_seconds=0.05)(Canary(host, port)) is Sign.SILENT
