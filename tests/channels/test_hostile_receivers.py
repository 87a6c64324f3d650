"""A hundred receivers that mean harm, all at once: what they cost us, and the messages that go elsewhere meanwhile."""

import asyncio
import math
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from is0k.channels.base import Reach
from is0k.channels.http import BODY_SECONDS, Http
from is0k.channels.refusal import Refused
from is0k.channels.webhook import WebhookChannel
from is0k.probes.guard import Guard
from is0k.schema.webhook_settings import WebhookSettings
from is0k.tests.channels.conftest import LOOPBACK, MESSAGE
from is0k.tests.channels.receiver import Receiver
from is0k.tests.probes.conftest import Names
from is0k.tests.probes.site import Site
from is0k.tests.probes.stopwatch import own_time
from is0k.tests.probes.test_hostile_servers import SERVERS, watched_memory

pytestmark = pytest.mark.anyio

TIMEOUT = 1.0
AT_ONCE_OF_EACH = 7
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def seconds_of(reach: Reach, url: str) -> float:
    """How long it takes until the message is there, or given up."""
    began = own_time()
    with suppress(Refused):
        await WebhookChannel(reach).send(WebhookSettings(url=url, secret=SECRET), MESSAGE)
    return own_time() - began


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to measure memory")
async def test_a_hundred_hostile_receivers_do_not_hold_up_the_others(receiver: Receiver) -> None:
    reach = Reach(Http(Guard(LOOPBACK), Names(), timeout_seconds=TIMEOUT))
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(Site(script=script)) for script, _, _ in SERVERS.values()]
        memory = await stack.enter_async_context(watched_memory())
        hostile = [asyncio.ensure_future(seconds_of(reach, site.url())) for site in sites * AT_ONCE_OF_EACH]
        honest = []
        while not all(task.done() for task in hostile):
            honest.append(await seconds_of(reach, receiver.url))
    await reach.close()

    assert len(hostile) > 100
    assert len(receiver.received) == len(honest) > 0
    assert max(task.result() for task in hostile) < TIMEOUT + BODY_SECONDS + 1
    assert sorted(honest)[math.ceil(0.99 * len(honest)) - 1] < 1.0
    assert max(memory) - memory[0] < 64
