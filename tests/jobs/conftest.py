"""What the tests of the queue begin with."""

from collections.abc import AsyncIterator, Iterator

import pytest

from is0k.jobs.queue import Queue
from is0k.settings import Settings
from is0k.tests.jobs.post import Jobs
from is0k.tests.stage.valkey import Valkey


@pytest.fixture
def server(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """Empty, and there again at the end. Nobody waits for long."""
    monkeypatch.setattr("is0k.jobs.queue.RECONNECT_SECONDS", 0.1)
    monkeypatch.setattr("is0k.jobs.queue.DRAIN_SECONDS", 0.5)
    valkey.flush()
    yield valkey
    if not valkey.answers():
        valkey.start()


@pytest.fixture
async def queue(server: Valkey) -> AsyncIterator[Queue]:
    queue = Queue.connect(server.url)
    yield queue
    await queue.close()


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def with_redis(settings: Settings, valkey: Valkey) -> Settings:
    valkey.flush()
    return settings.model_copy(update={"redis_url": valkey.url})
