"""Four API processes on one Valkey: the limit is exact, a lost Valkey refuses nobody, and slow clients harm nobody."""

import asyncio
import json
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from is0k.cli.http_protocol import PatientProtocol
from is0k.tests.stage.api import Answer, Api
from is0k.tests.stage.product import IS0K, Product
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

PROCESSES, CLIENTS, LIMIT = 4, 200, 500
WINDOW_SECONDS, LONGEST_RUN_SECONDS = 60, 20
HALF_HEADS = 1_000
SHARED_AGAIN = "rate limits are shared again"


@pytest.fixture(scope="module")
def logs(product: Product, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Of the API of `is0k up`, and of three more."""
    folder = tmp_path_factory.mktemp("apis")
    return [product.log, *(folder / f"log-{number}" for number in range(PROCESSES - 1))]


@pytest.fixture(scope="module")
async def apis(product: Product, logs: list[Path]) -> AsyncIterator[list[Api]]:
    """They share its database and its Valkey."""
    processes = [begin(product, log) for log in logs[1:]]
    urls = [str((await until("the API listens", partial(told, log, "API started"), 20))["url"]) for log in logs]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield [Api(url, session, product.key) for url in urls]
    for process in processes:
        process.terminate()
        assert await asyncio.to_thread(process.wait, 20) == 0


def begin(product: Product, log: Path) -> "subprocess.Popen[bytes]":
    command = [*IS0K, "serve", "--port", "0"]
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=product.folder, env=product.environment, stderr=output)


async def told(log: Path, event: str) -> Mapping[str, object] | None:
    """The line of the log with this event."""
    return next((entry for entry in entries(log) if entry["event"] == event), None)


def entries(log: Path) -> list[Mapping[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


async def room_in_the_window() -> bool:
    return time.time() % WINDOW_SECONDS < WINDOW_SECONDS - LONGEST_RUN_SECONDS


@pytest.mark.timeout(120)
async def test_exactly_the_limit_is_accepted_by_all_processes_together(product: Product, apis: list[Api]) -> None:
    await product.command_line("plan", "set", "enterprise", "--rate-limit", str(LIMIT))
    await until("there is time enough in this minute", room_in_the_window, WINDOW_SECONDS)

    answers = await asyncio.gather(*(api.get("/monitors") for api in apis for _ in range(CLIENTS)))

    await product.command_line("plan", "set", "enterprise", "--rate-limit", "1000000")
    assert len({answer.headers["X-RateLimit-Reset"] for answer in answers}) == 1
    assert Counter(answer.status for answer in answers) == {200: LIMIT, 429: PROCESSES * CLIENTS - LIMIT}
    remaining = sorted(int(answer.headers["X-RateLimit-Remaining"]) for answer in answers if answer.status == 200)
    assert remaining == list(range(LIMIT))


@pytest.mark.timeout(120)
async def test_a_lost_valkey_refuses_nobody_and_every_answer_tells_what_is_left(
    product: Product, apis: list[Api], logs: list[Path]
) -> None:
    valkey = product.part("valkey")
    assert valkey is not None
    done = asyncio.Event()
    load = [asyncio.create_task(ask_until(done, api)) for api in apis for _ in range(5)]

    valkey.kill()
    await until("a new Valkey runs", lambda: is_another(product, valkey.pid), 30)
    for log in logs:
        await until("its requests are counted with the others' again", partial(told, log, SHARED_AGAIN), 30)
    done.set()
    answers = [answer for got in await asyncio.gather(*load) for answer in got]

    assert len(answers) > 200
    assert {answer.status for answer in answers} == {200}
    assert all("X-RateLimit-Remaining" in answer.headers for answer in answers)


async def ask_until(done: asyncio.Event, api: Api) -> list[Answer]:
    answers = []
    while not done.is_set():
        answers.append(await api.get("/monitors"))
    return answers


async def is_another(product: Product, pid: int) -> bool:
    part = product.part("valkey")
    return part is not None and part.pid != pid


@pytest.mark.timeout(120)
async def test_a_thousand_half_sent_heads_are_closed_in_time_while_others_are_answered(apis: list[Api]) -> None:
    port = int(apis[0].url.rpartition(":")[2])
    heads = await asyncio.gather(*(half_a_head(port) for _ in range(HALF_HEADS)))
    begun, done = time.monotonic(), asyncio.Event()
    others = asyncio.create_task(latencies(lambda: apis[0].send("GET", "/healthz"), done))

    answers = await asyncio.gather(*(reader.read() for reader, _ in heads))
    seconds = time.monotonic() - begun
    done.set()
    took = sorted(await others)
    p99_ms = took[int(len(took) * 0.99)] * 1000
    print(f"{HALF_HEADS} half-sent heads closed after {seconds:.1f} s; p99 of {len(took)} others {p99_ms:.0f} ms")

    for _, writer in heads:
        writer.close()
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    assert PatientProtocol.head_seconds - 5 < seconds < 15
    assert p99_ms < 200


async def half_a_head(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-")
    return reader, writer


async def latencies(ask: Callable[[], Awaitable[object]], done: asyncio.Event) -> list[float]:
    found = []
    while not done.is_set():
        begun = time.monotonic()
        await ask()
        found.append(time.monotonic() - begun)
        await asyncio.sleep(0.02)
    return found
