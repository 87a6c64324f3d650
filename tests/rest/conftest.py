import pytest

from is0k.resolvers.context import Context
from is0k.tests.stage.api import Api, key_of


@pytest.fixture
async def stranger_api(api: Api, stranger: Context) -> Api:
    """The same server, called by another organization."""
    return api.with_key(await key_of(stranger))
