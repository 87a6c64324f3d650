"""`/graphql` as people use it."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from is0k.tests.browser.conftest import Visit

pytestmark = pytest.mark.anyio

RESULT = ".graphiql-response"


async def run(page: Page) -> None:
    await page.get_by_role("button", name="Execute query").click()


async def test_without_a_key_nothing_is_asked_and_the_page_says_what_is_missing(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.method))
    page = await visit.open("/graphql")

    await visit.tells_of_key("No key yet: is0k key create --name me makes one.")
    await run(page)
    await expect(page.locator(RESULT)).to_contain_text("No key yet: put one into the field above.")
    assert "POST" not in asked


async def test_a_key_shows_the_docs_and_runs_queries(visit: Visit) -> None:
    await visit.api.post("/monitors", {"name": "Shop", "type": "http", "url": "https://example.com/"})
    page = await visit.open("/graphql")
    await visit.use_key()
    await visit.tells_of_key("The key is accepted.")

    await run(page)
    await expect(page.locator(RESULT)).to_contain_text('"name": "Shop"')
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await page.get_by_role("link", name="Query").click()
    await expect(page.get_by_text("Monitors, newest first.")).to_be_visible()


async def test_a_wrong_key_is_told_in_words(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await visit.use_key("is0k_live_wrong")

    await expect(page.locator("#key-state")).to_contain_text("The key is refused.")
    await expect(page.locator("#key-state")).to_contain_text("is0k key create --name me makes a new one.")
    visit.expects_complaint("401")


async def test_too_many_requests_are_told_with_the_time_to_wait(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await page.route(
        "**/graphql", lambda route: route.fulfill(status=429, headers={"Retry-After": "7"}, json={"errors": []})
    )
    await visit.use_key()

    await visit.tells_of_key("Too many requests with this key. Try again in 7 seconds.")
    visit.expects_complaint("429")


@pytest.mark.parametrize("path", ["/graphql", "/api/v1/docs"])
async def test_a_server_that_is_gone_is_told_in_words(visit: Visit, path: str) -> None:
    page = await visit.open(path)
    await expect(page.locator(".graphiql-container, .opblock").first).to_be_visible()
    await page.route("**", lambda route: route.abort("connectionrefused"))
    await visit.use_key()
    if path != "/graphql":
        await page.locator(".opblock-summary-control").first.click()
        await page.get_by_role("button", name="Execute").click()

    await visit.tells_of_key("is0k does not answer. Is it running?")
    visit.expects_complaint("ERR_CONNECTION_REFUSED")


async def test_an_answer_of_something_in_between_is_told_too(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await page.route("**/graphql", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    await visit.use_key()

    await visit.tells_of_key("is0k has a problem of its own. The answer is not JSON.")
    visit.expects_complaint("502")


async def test_the_key_stays_in_this_tab_and_out_of_the_address(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await visit.use_key()
    await visit.tells_of_key("The key is accepted.")

    assert visit.api.key is not None
    assert visit.api.key not in page.url
    assert visit.api.key not in await page.evaluate("JSON.stringify(localStorage)")
    await page.reload()
    await visit.tells_of_key("The key is accepted.")
    await page.get_by_role("button", name="Forget", exact=True).click()
    await page.reload()
    await visit.tells_of_key("No key yet: is0k key create --name me makes one.")


async def test_the_key_is_used_on_the_other_page_too(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await visit.use_key()
    await page.get_by_role("link", name="REST").click()

    await expect(page.get_by_label("API key")).to_have_value(visit.api.key or "")
    await page.get_by_role("link", name="GraphQL", exact=True).click()
    await visit.tells_of_key("The key is accepted.")


async def test_an_example_opens_in_a_tab_of_its_own_and_runs(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await visit.use_key()
    await visit.tells_of_key("The key is accepted.")
    await page.get_by_role("button", name="Create a monitor").click()

    await expect(page.get_by_role("tab", name="CreateMonitor")).to_be_visible()
    await run(page)
    await expect(page.locator(RESULT)).to_contain_text('"name": "Example"')
    assert [monitor["name"] for monitor in (await visit.api.get("/monitors")).data] == ["Example"]


async def test_it_is_used_with_the_keyboard_alone(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await page.get_by_label("API key").focus()
    await page.keyboard.type(visit.api.key or "")
    await page.keyboard.press("Enter")
    await visit.tells_of_key("The key is accepted.")

    await page.get_by_role("textbox", name="Query").focus()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(RESULT)).to_contain_text('"edges": []')


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_and_reach_it(visiting: Callable[..., Awaitable[Visit]], scheme: str) -> None:
    visit = await visiting(color_scheme=scheme, bypass_csp=True)
    page = await visit.open("/graphql")
    await visit.use_key()
    await visit.tells_of_key("The key is accepted.")
    await run(page)
    await expect(page.locator(RESULT)).to_contain_text('"edges": []')

    assert await visit.barriers() == []
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await expect(page.get_by_role("link", name="Query")).to_be_visible()
    assert await visit.barriers() == []


async def test_its_dialogs_open_under_the_policy(visit: Visit) -> None:
    page = await visit.open("/graphql")
    await page.get_by_role("button", name="Open settings dialog").click()

    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_role("button", name="Dark", exact=True).click()
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.parametrize("path", ["/graphql", "/api/v1/docs"])
async def test_a_narrow_screen_needs_no_scrolling_sideways(
    visiting: Callable[..., Awaitable[Visit]], path: str
) -> None:
    visit = await visiting(viewport={"width": 390, "height": 844})
    page = await visit.open(path)
    await visit.use_key()
    await expect(page.locator(".graphiql-container, .swagger-ui .info").first).to_be_visible()

    assert await page.evaluate("document.documentElement.scrollWidth") == 390
