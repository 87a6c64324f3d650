"""`/api/v1/docs` as people use it."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, Page, expect

from is0k.tests.browser.conftest import Visit

pytestmark = pytest.mark.anyio


async def opened(page: Page) -> Locator:
    """`GET /monitors`, opened."""
    operation = page.locator(".opblock-get:has([data-path='/monitors'])")
    await operation.locator(".opblock-summary-control").click()
    return operation


async def execute(operation: Locator) -> Locator:
    """What was answered."""
    await operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table .response .response-col_description").first


async def test_the_key_of_the_field_authorizes_calls(visit: Visit) -> None:
    await visit.api.post("/monitors", {"name": "Shop", "type": "http", "url": "https://example.com/"})
    page = await visit.open("/api/v1/docs")
    await visit.use_key()
    answer = await execute(await opened(page))

    await expect(answer).to_contain_text('"name": "Shop"')
    await visit.tells_of_key("The key is accepted.")


async def test_authorize_takes_a_key_and_forgets_it_with_the_page(visit: Visit) -> None:
    page = await visit.open("/api/v1/docs")
    await page.get_by_role("button", name="Authorize").click()
    await page.get_by_label("auth-bearer-value").fill(visit.api.key or "")
    await page.get_by_role("button", name="Apply credentials").click()
    await page.get_by_role("button", name="Close").last.click()
    answer = await execute(await opened(page))

    await expect(answer).to_contain_text('"data": []')
    assert visit.api.key not in await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")


async def test_a_forgotten_key_is_no_longer_sent(visit: Visit) -> None:
    page = await visit.open("/api/v1/docs")
    await visit.use_key()
    operation = await opened(page)
    await expect(await execute(operation)).to_contain_text('"data": []')
    await page.get_by_role("button", name="Forget", exact=True).click()

    await expect(await execute(operation)).to_contain_text("UNAUTHENTICATED")
    visit.expects_complaint("401")


async def test_a_wrong_key_is_told_in_words(visit: Visit) -> None:
    page = await visit.open("/api/v1/docs")
    await visit.use_key("is0k_live_wrong")
    await execute(await opened(page))

    await expect(page.locator("#key-state")).to_contain_text("The key is refused.")
    visit.expects_complaint("401")


async def test_a_link_to_an_operation_opens_it(visit: Visit) -> None:
    page = await visit.open("/api/v1/docs")
    await opened(page)
    address = page.url
    await visit.page.goto("about:blank")
    await visit.page.goto(address)

    assert "#/" in address
    await expect(page.get_by_role("button", name="Execute")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_and_reach_it(visiting: Callable[..., Awaitable[Visit]], scheme: str) -> None:
    visit = await visiting(color_scheme=scheme, bypass_csp=True)
    page = await visit.open("/api/v1/docs")
    await visit.use_key()
    answer = await execute(await opened(page))
    await expect(answer).to_contain_text('"data": []')

    assert await visit.barriers() == []
