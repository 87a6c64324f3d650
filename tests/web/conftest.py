from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from is0k.resolvers.bus import Bus
from is0k.settings import Settings
from is0k.tests.stage.live import Newsroom
from is0k.tests.stage.valkey import Valkey


@pytest.fixture
async def newsroom(valkey: Valkey, settings: Settings) -> AsyncIterator[Newsroom]:
    newsroom = Newsroom(settings.redis)
    yield newsroom
    await newsroom.close()


@pytest.fixture
def bus(app: Starlette) -> Bus:
    """That of the API."""
    bus: Bus = app.state.services.bus
    return bus
