"""A real browser on the API. Whatever it complains of, and every request to another host, fails the test."""

import gzip
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from is0k.tests.stage.api import Api

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
AXE = gzip.decompress((Path(__file__).parent / "vendored/axe.min.js.gz").read_bytes()).decode()
WAIVED = {
    # Swagger UI puts a link into the button that opens an operation: a deep link costs it.
    "nested-interactive": {"enabled": False},
    # Editors scroll with their cursor, and browsers let the keyboard into all else that scrolls.
    "scrollable-region-focusable": {"enabled": False},
}

expect.set_options(timeout=10_000)


@dataclass
class Visit:
    """One person's look at the pages, in a browser that has seen nothing yet."""

    page: Page
    api: Api
    complaints: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._note(said.type in ("error", "warning"), said.text))
        self.page.on("pageerror", lambda error: self._note(True, str(error)))
        self.page.on("request", lambda request: self._note(self._is_elsewhere(request.url), f"asks {request.url}"))

    def _note(self, is_complaint: bool, text: str) -> None:
        if is_complaint:
            self.complaints.append(text)

    def _is_elsewhere(self, url: str) -> bool:
        return not url.startswith((f"{self.api.url}/", "data:"))

    async def open(self, path: str) -> Page:
        await self.page.goto(self.api.url + path)
        return self.page

    async def use_key(self, key: str | None = None) -> None:
        await self.page.get_by_label("API key").fill(key or self.api.key or "")
        await self.page.get_by_role("button", name="Use", exact=True).click()

    async def tells_of_key(self, text: str) -> None:
        """What stands next to the field becomes this."""
        await expect(self.page.locator("#key-state")).to_have_text(text)

    def expects_complaint(self, part: str) -> None:
        """The browser itself logs an answer of 4xx, however well the page takes it."""
        self.expected.add(part)

    def close(self) -> None:
        """It complained of what was expected, and of nothing else."""
        found = {part for part in self.expected if any(part in text for text in self.complaints)}
        assert found == self.expected
        assert [text for text in self.complaints if not any(part in text for part in self.expected)] == []

    async def barriers(self) -> list[str]:
        """What keeps people out, as axe knows it: the serious and the critical."""
        await self.page.evaluate(AXE)
        found: dict[str, Any] = await self.page.evaluate("rules => axe.run({ rules })", WAIVED)
        return [
            f"{rule['id']}: {node['html'][:200]}"
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]


@pytest.fixture(scope="session")
async def browser(request: pytest.FixtureRequest, anyio_backend: object) -> AsyncIterator[Browser]:
    if request.config.getoption("--database") != "sqlite":
        pytest.skip("what a browser shows is the same on every database")
    if CHROMIUM is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on PATH; `make browser` says how to get one")
    # Chromium's sandbox needs a user other than root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture
async def visiting(browser: Browser, api: Api) -> AsyncIterator[Callable[..., Awaitable[Visit]]]:
    """Begins a visit; takes what Playwright's contexts take, such as `color_scheme`."""
    visits: list[Visit] = []
    async with AsyncExitStack() as stack:

        async def begin(**options: Any) -> Visit:
            context = await stack.enter_async_context(await browser.new_context(**options))
            visits.append(Visit(await context.new_page(), api))
            return visits[-1]

        yield begin
    for visit in visits:
        visit.close()


@pytest.fixture
async def visit(visiting: Callable[..., Awaitable[Visit]]) -> Visit:
    return await visiting()
