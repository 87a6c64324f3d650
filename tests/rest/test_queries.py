"""Query parameters: filters, pages, and nothing that is misspelt."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from is0k.tests.stage.api import Answer, Api

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}


async def made(api: Api, *names: str, **fields: Any) -> None:
    for name in names:
        assert (await api.post("/monitors", {**SHOP, "name": name, **fields})).status == 201


def names(answer: Answer) -> str:
    return " ".join(item["name"] for item in answer.data)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "/monitors?stauts=down",
            "Unknown query parameter stauts; known here: count, cursor, limit, q, status, tag, type",
        ),
        ("/monitors?page=2&Limit=1", None),
        ("/monitors/{id}?verbose=true", "Unknown query parameter verbose; this route takes none"),
        ("/monitors/{id}/checks?since=1", None),
        ("/monitors/{id}/stats?bucket=1", "Unknown query parameter bucket; known here: buckets, from, period, to"),
    ],
)
async def test_an_unknown_parameter_is_400(api: Api, path: str, message: str | None) -> None:
    id = (await api.post("/monitors", SHOP)).data["id"]

    answer = await api.get(path.format(id=id))

    assert (answer.status, answer.code) == (400, "UNKNOWN_PARAMETER")
    assert message is None or answer.error["message"] == message


async def test_an_unknown_parameter_of_a_write_changes_nothing(api: Api) -> None:
    assert (await api.post("/monitors?dryRun=true", SHOP)).code == "UNKNOWN_PARAMETER"
    assert (await api.get("/monitors")).data == []


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("limit=0", {"limit": "OUT_OF_RANGE"}),
        ("limit=251", {"limit": "OUT_OF_RANGE"}),
        ("limit=ten&status=DOWN&type=x&tag=A", None),
        ("cursor=x", {"cursor": "BAD_CURSOR"}),
        ("cursor=WyJtb25feCJd", {"cursor": "BAD_CURSOR"}),
        ("count=yes", {"count": "INVALID_TYPE"}),
        ("q=", {"q": "BAD_LENGTH"}),
        ("q=%00", {"q": "BAD_CHARACTER"}),
        ("tag=Not+OK", {"tag": "BAD_SLUG"}),
        ("limit=1&limit=2", {"limit": "DUPLICATE"}),
        ("limit=0&limit=0&count=1&tag=a&tag=a", {"limit": "DUPLICATE", "count": "INVALID_TYPE", "tag": "DUPLICATE"}),
        ("limit=+1", {"limit": "INVALID_TYPE"}),
        ("limit=", {"limit": "INVALID_TYPE"}),
    ],
)
async def test_a_parameter_that_is_not_valid_is_422(api: Api, query: str, faults: dict[str, str] | None) -> None:
    answer = await api.get(f"/monitors?{query}")

    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert answer.faults == faults or faults is None


async def test_the_faults_of_all_parameters_are_told_at_once(api: Api) -> None:
    answer = await api.get("/monitors?limit=ten&status=DOWN&type=x&tag=A")

    assert answer.faults == {
        "limit": "INVALID_TYPE",
        "status": "INVALID_VALUE",
        "type": "INVALID_VALUE",
        "tag": "BAD_SLUG",
    }


async def test_a_list_is_a_plain_array_newest_first(api: Api) -> None:
    await made(api, "a", "b")

    answer = await api.get("/monitors")

    assert names(answer) == "b a"
    assert {"Link", "X-Next-Cursor", "X-Total-Count"} & set(answer.headers) == set()


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=sho", "Shop"), ("tag=prod", "Blog"), ("status=paused", "Old"), ("type=http&q=o", "Old Blog Shop")],
)
async def test_a_list_is_narrowed_by_field(api: Api, query: str, found: str) -> None:
    await made(api, "Shop")
    await made(api, "Blog", tags=["prod"])
    await made(api, "Old", paused=True)

    assert names(await api.get(f"/monitors?{query}")) == found


async def test_the_next_page_is_in_the_link_and_in_a_header(api: Api) -> None:
    await made(api, "a", "b", "c d", "no", "e d")

    seen, path = [], "/api/v1/monitors?limit=2&q=+d&count=true"
    await made(api, "f d")
    while path:
        answer = await api.send("GET", path)
        seen.append(names(answer))
        link = answer.headers.get("Link", "")
        assert answer.headers["X-Total-Count"] == "3"
        path = link.removeprefix("<").removesuffix('>; rel="next"')
        assert urlsplit(path).netloc == ""
        assert f"cursor={answer.headers['X-Next-Cursor']}" in path if path else "X-Next-Cursor" not in answer.headers

    assert seen == ["f d e d", "c d"]


async def test_the_address_of_the_next_page_never_leads_to_another_host(api: Api) -> None:
    await made(api, "a", "b")

    answer = await api.get("/monitors?limit=1", headers={"Host": "evil.example"})

    assert answer.headers["Link"].startswith("</api/v1/monitors?limit=1&cursor=")


async def test_the_total_is_counted_only_when_asked_for(api: Api) -> None:
    await made(api, "a", "b")

    assert (await api.get("/monitors?limit=1&count=true")).headers["X-Total-Count"] == "2"
    assert "X-Total-Count" not in (await api.get("/monitors?limit=1&count=false")).headers
