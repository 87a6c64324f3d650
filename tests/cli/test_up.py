"""`is0k up` as a whole: what it prints, how it goes on and how it stops. The tests share one, in their order."""

import os
import re
import signal
from collections.abc import AsyncIterator

import pytest

from is0k.cli.supervisor.folder import LOCK
from is0k.tests.cli.conftest import database_of
from is0k.tests.cli.reach import is_ready
from is0k.tests.stage.postgres import Postgres
from is0k.tests.stage.product import Product, running
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes, pytest.mark.timeout(60)]

FIRST_START = re.compile(
    r"This is shown once; keep it\.\n"
    r"\n"
    r"  Address   (?P<url>http://127\.0\.0\.1:\d+)\n"
    r"  E-mail    admin@localhost\n"
    r"  Password  \S{12,}\n"
    r"  API key   is0k_live_\w{38}\n"
    r"\n"
    r"is0k is ready at (?P=url)\n"
)


@pytest.fixture(scope="module")
async def product(
    postgres: Postgres | None, tmp_path_factory: pytest.TempPathFactory, anyio_backend: object
) -> AsyncIterator[Product]:
    folder = tmp_path_factory.mktemp("up")
    async with running(Product(folder, database_of(postgres))) as product:
        yield product


def interrupt(product: Product) -> None:
    """Ctrl-C, as the terminal sends it: to everything in the foreground."""
    supervisor = product.part("supervisor")
    assert supervisor is not None
    os.killpg(supervisor.pid, signal.SIGINT)


async def test_the_first_start_shows_the_credentials_and_later_ones_only_the_address(product: Product) -> None:
    assert FIRST_START.fullmatch(product.said)

    interrupt(product)
    await until("it has stopped", product.no_process, 20)
    assert await product.stop() == 0
    await product.start()

    assert re.fullmatch(r"is0k is ready at http://127\.0\.0\.1:\d+\n", product.said)
    assert "Traceback" not in product.log.read_text()


async def test_connections_wait_while_the_api_starts_again(product: Product) -> None:
    api = product.part("api")
    assert api is not None
    api.kill()

    async def killed() -> bool:
        return product.part("api") != api

    await until("it is gone", killed, 5)
    assert await is_ready(product.url)
    ending = '"event": "API ended, starting it again"'
    assert [line for line in product.log.read_text().splitlines() if ending in line and "signal 9, Killed" in line]


async def test_a_killed_supervisor_leaves_nothing_behind_and_the_next_one_starts(product: Product) -> None:
    supervisor = product.part("supervisor")
    assert supervisor is not None
    supervisor.kill()

    await until("nothing is left", product.no_process, 15)
    assert (product.data_dir / LOCK).read_text() == str(supervisor.pid)
    await product.kill()
    await product.start()
    assert await is_ready(product.url)


async def test_a_second_ctrl_c_does_not_wait_for_what_hangs(product: Product) -> None:
    worker = product.part("worker")
    assert worker is not None
    os.kill(worker.pid, signal.SIGSTOP)
    interrupt(product)

    async def waits_for_the_worker() -> bool:
        return {process.part for process in product.processes} == {"supervisor", "worker", "valkey"}

    await until("all else has stopped, in order", waits_for_the_worker, 10)
    interrupt(product)

    # The worker alone would have had 12 seconds.
    await until("it has stopped", product.no_process, 5)
    assert await product.stop() == 0
