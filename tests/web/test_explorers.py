"""The pages to try the API on, as HTTP sees them; tests/browser uses them as people do."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, get_variable_values, parse, validate
from graphql.language import OperationDefinitionNode

from is0k import web
from is0k.resolvers.export import FILE
from is0k.tests.stage.api import Api

pytestmark = pytest.mark.anyio

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = {"/graphql": "GraphQL · is0k", "/api/v1/docs": "REST API · is0k"}
SCHEMA = build_schema(FILE.read_text())


@dataclass
class Example:
    """One of the documents GraphiQL offers."""

    parts: dict[str, str] = field(default_factory=lambda: {"variables": "{}"})

    @property
    def query(self) -> str:
        return self.parts["query"]

    @property
    def variables(self) -> Any:
        return json.loads(self.parts["variables"])


class Examples(HTMLParser):
    """As graphiql.js reads them out of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Example] = []
        self.part = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.found.append(Example())
        self.part = dict(attributes).get("class") or tag

    def handle_endtag(self, tag: str) -> None:
        self.part = ""

    def handle_data(self, data: str) -> None:
        if self.found and self.part:
            self.found[-1].parts[self.part] = data.strip()


def examples() -> list[Example]:
    parser = Examples()
    parser.feed((Path(web.__file__).parent / "pages/graphiql.html").read_text())
    return parser.found


@pytest.mark.parametrize("path", PAGES)
async def test_a_browser_gets_the_page_and_needs_no_key(api: Api, path: str) -> None:
    answer = await api.with_key(None).send("GET", path, headers=HTML)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<title>{PAGES[path]}</title>" in answer.body.decode()


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_may_load_our_own_files_only(api: Api, path: str) -> None:
    answer = await api.send("GET", path, headers=HTML)

    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy.pop("style-src") == ("'self' 'unsafe-inline'" if path == "/graphql" else "'self'")
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_asked_for_each_time_and_sent_when_it_has_changed(api: Api, path: str) -> None:
    first = await api.send("GET", path, headers=HTML)
    again = await api.send("GET", path, headers={**HTML, "If-None-Match": first.headers["ETag"]})

    assert (first.headers["Cache-Control"], first.headers["Vary"]) == ("no-cache", "Accept")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
async def test_head_of_a_page_has_no_body(api: Api, path: str) -> None:
    answer = await api.send("HEAD", path, headers=HTML)

    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 1000


@pytest.mark.parametrize("accepted", ["application/json", "*/*", "application/graphql-response+json"])
async def test_who_does_not_ask_for_html_gets_graphql(api: Api, accepted: str) -> None:
    answer = await api.send("GET", "/graphql", headers={"Accept": accepted})

    assert 400 <= answer.status < 500
    assert not answer.headers["Content-Type"].startswith("text/html")


async def test_a_query_is_answered_to_browsers_too(api: Api) -> None:
    answer = await api.send("POST", "/graphql", headers=HTML, json={"query": "{ __typename }"})

    assert answer.body == {"data": {"__typename": "Query"}}


def test_there_are_examples() -> None:
    assert len(examples()) >= 5
    assert all({"h2", "p", "query"} <= set(example.parts) for example in examples())


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.parts["h2"])
def test_an_example_and_its_variables_fit_the_schema(example: Example) -> None:
    document = parse(example.query)
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)

    assert validate(SCHEMA, document) == []
    declared = operation.variable_definitions or ()
    assert not isinstance(get_variable_values(SCHEMA, declared, example.variables), list), "these are its faults"
    assert set(example.variables) == {variable.variable.name.value for variable in declared}


ONCE = [example for example in examples() if not example.query.startswith("subscription")]


@pytest.mark.parametrize("example", ONCE, ids=lambda example: example.parts["h2"])
async def test_an_example_runs(api: Api, example: Example) -> None:
    created = (await api.post("/monitors", {"name": "Shop", "type": "http", "url": "https://example.com/"})).data
    variables = {"id": created["id"]} if "id" in example.variables else example.variables
    answer = await api.graphql(example.query, **variables)

    assert "errors" not in answer
    [result] = answer["data"].values()
    assert result.get("userErrors", []) == []
