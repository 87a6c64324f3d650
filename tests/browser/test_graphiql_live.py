"""GraphiQL's example of live events, over a WebSocket the browser opens with the key of the page."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from is0k.resolvers.context import Context
from is0k.settings import Settings
from is0k.tests.browser.conftest import Visit
from is0k.tests.browser.test_graphiql import RESULT, run
from is0k.tests.jobs.scene import ILL, finding
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.live import Newsroom
from is0k.tests.stage.people import new_monitor
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio


@pytest.fixture
async def newsroom(valkey: Valkey, settings: Settings) -> AsyncIterator[Newsroom]:
    newsroom = Newsroom(settings.redis)
    yield newsroom
    await newsroom.close()


async def test_a_check_appears_when_it_is_made(
    newsroom: Newsroom, ctx: Context, clock: FakeClock, visit: Visit
) -> None:
    shop = await new_monitor(ctx)
    page = await visit.open("/graphql")
    await visit.use_key()
    await visit.tells_of_key("The key is accepted.")
    await page.get_by_role("button", name="Checks as they are made").click()
    await expect(page.get_by_role("tab", name="Live")).to_be_visible()
    await run(page)
    await newsroom.followed(ctx)
    await newsroom.record(finding(shop.number, clock.ms, ILL))

    await expect(page.locator(RESULT)).to_contain_text(shop.id)
    await expect(page.locator(RESULT)).to_contain_text("BAD_STATUS")
