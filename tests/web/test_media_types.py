"""Which media types GraphQL over HTTP takes and answers, and what the status says in each."""

import pytest

from is0k.tests.stage.api import Api
from is0k.web.media_types import GRAPHQL_RESPONSE, JSON, answer_type, is_json

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/html", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("Application/GraphQL-Response+JSON; charset=utf-8", GRAPHQL_RESPONSE),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json;q=0.5", JSON),
        ("application/graphql-response+json;q=0", JSON),
        ("application/graphql-response+json;q=much", JSON),
        (",;,=;q", JSON),
    ],
)
def test_the_answer_has_the_form_the_client_prefers(accept: str, expected: str) -> None:
    assert answer_type(accept) == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("application/json;charset=utf-8", True),
        ('Application/JSON; charset="UTF-8"', True),
        ("application/json; charset=utf-16", False),
        ("text/plain; application/json", False),
        ("application/jsonp", False),
        ("", False),
        (";", False),
    ],
)
def test_only_json_in_utf_8_is_a_body(content_type: str, expected: bool) -> None:
    assert is_json(content_type) is expected


@pytest.mark.parametrize(
    ("query", "variables", "status"),
    [
        ("{ __typename }", {}, 200),
        ('{ monitors(first: 251, after: "x") { totalCount } }', {}, 200),  # it was run, and a field failed
        ("{", {}, 400),
        ("{ nothing }", {}, 400),
        ("{ __typename @a @b @c @d @e @f }", {}, 400),
        ("query ($id: ID!) { monitor(id: $id) { id } }", {"id": {}}, 400),
    ],
)
async def test_the_status_says_whether_anything_was_run_in_the_own_media_type_alone(
    api: Api, query: str, variables: dict[str, object], status: int
) -> None:
    body = {"query": query, "variables": variables}
    own = await api.send("POST", "/graphql", json=body, headers={"Accept": GRAPHQL_RESPONSE})
    usual = await api.send("POST", "/graphql", json=body, headers={"Accept": JSON})

    assert (own.status, usual.status) == (status, 200)
    assert (own.headers["Content-Type"], usual.headers["Content-Type"]) == (GRAPHQL_RESPONSE, JSON)
    assert own.body.keys() == usual.body.keys()
    assert ("data" in own.body) is (status == 200)


async def test_a_refusal_has_the_form_the_client_prefers_too(api: Api) -> None:
    answer = await api.with_key(None).send("POST", "/graphql", json={}, headers={"Accept": GRAPHQL_RESPONSE})

    assert (answer.status, answer.headers["Content-Type"]) == (401, GRAPHQL_RESPONSE)
