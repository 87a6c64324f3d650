"""Hundreds of requests that nobody would think of: whatever is sent, the answer is the envelope."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from structlog.testing import capture_logs
from yarl import URL

from is0k.tests.stage.api import Api

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}

words = st.sampled_from(
    [
        "monitors",
        "incidents",
        "inc_01h455vb4pex5vsknk084sn02q",
        "updates",
        "status-pages",
        "maintenance-windows",
        "regions",
        "me",
        "mon_01h455vb4pex5vsknk084sn02q",
        "checks",
        "stats",
        "pause",
        "..",
        ".",
        "",
        "%2F",
        "%00",
        "%ff",
        "%C3%A9",
        "~",
    ]
)
paths = st.lists(words | st.text(max_size=5).map(lambda text: URL.build(path=f"/{text}").raw_path[1:]), max_size=5)
queries = st.sampled_from(
    ["", "?", "?limit=1", "?limit=x&limit=2", "?cursor=%ff", "?%ff=%00", "?from=1&to", "?q=%ed%a0%80"]
)
methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from([*SHOP, "headers", "retries", "intervalSeconds", "tags", "expectedStatus", "paused", "x"])
bodies = (
    st.none()
    | st.binary(max_size=50)
    | st.dictionaries(names, values)
    | st.dictionaries(names, values).map(SHOP.__or__)
)
headers = st.dictionaries(
    st.sampled_from(["Content-Type", "Authorization", "X-Request-Id", "Host", "Range", "Accept", "Cookie", "If-Match"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
    max_size=2,
)


@given(method=methods, path=paths, query=queries, body=bodies, header=headers)
@examples(max_examples=300)
async def test_whatever_is_sent_the_answer_is_the_envelope(
    api: Api, method: str, path: list[str], query: str, body: Any, header: dict[str, str]
) -> None:
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    url = URL(f"{api.url}/api/v1/{'/'.join(path)}{query}", encoded=True)
    with capture_logs() as log:
        async with api.session.request(
            method, url, headers={"Authorization": f"Bearer {api.key}", **header}, allow_redirects=False, **sent
        ) as response:
            content, answered = await response.read(), response

    assert answered.status < 500, log
    assert answered.headers["X-Request-Id"]
    if method == "HEAD":
        assert content == b""
        return
    told = await answered.json()
    assert list(told) == ["data", "error"]
    assert (told["error"] is None) == (answered.status < 400)
