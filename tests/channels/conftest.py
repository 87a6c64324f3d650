from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from is0k.channels.base import Message, Reach
from is0k.channels.http import Http
from is0k.probes.guard import Guard
from is0k.tests.channels.receiver import Receiver, receiving

LOOPBACK = (ip_network("127.0.0.0/8"),)
MESSAGE = Message(
    id="dlv_01h455vb4pex5vsknk084sn02q",
    event="channel.test",
    at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    title="Shop is down",
    text="No answer within 10 s",
    facts=[("Monitor", "Shop"), ("URL", "https://shop.example/?a=1&b=2")],
    link="https://is0k.example/monitors/mon_1",
    data={"monitorId": "mon_1"},
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def reach() -> AsyncIterator[Reach]:
    """Reaches loopback, as an operator's opt-in would let it."""
    reach = Reach(Http(Guard(LOOPBACK)))
    yield reach
    await reach.close()
