"""Status pages over REST: what is sent, and what comes back."""

from typing import Any

import pytest

from is0k import models
from is0k.app import create_app
from is0k.resolvers.context import Context
from is0k.settings import Settings
from is0k.tests.stage.api import Api, serving
from is0k.tests.stage.people import new_monitor, new_status_page

pytestmark = pytest.mark.anyio

UNKNOWN = "pag_01h455vb4pex5vsknk084sn02q"
SECRET = "correct horse"


async def test_create_answers_201_with_the_page_and_where_it_is(api: Api, ctx: Context) -> None:
    monitor = (await new_monitor(ctx)).id
    component = {"name": "Web", "description": "x", "group": "EU", "monitorIds": [monitor], "showLatency": True}

    answer = await api.post("/status-pages", {"name": "Shop", "theme": "dark", "components": [component]})

    data = answer.data
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/status-pages/{data['id']}"
    assert data == {
        "id": data["id"],
        "name": "Shop",
        "slug": "shop",
        "customDomain": None,
        "description": None,
        "visibility": "public",
        "theme": "dark",
        "logoUrl": None,
        "locale": "en",
        "timezone": "UTC",
        "historyDays": 90,
        "components": [{"id": data["components"][0]["id"], "position": 0, **component}],
        "subscriberCount": 0,
        "url": "http://127.0.0.1:8000/status/shop",
        "createdAt": data["createdAt"],
        "updatedAt": data["updatedAt"],
    }
    assert (data["id"][:4], data["components"][0]["id"][:4]) == ("pag_", "cmp_")
    assert (await api.get(f"/status-pages/{data['id']}")).data == data


async def test_the_password_is_in_no_answer(api: Api) -> None:
    made = await api.post("/status-pages", {"name": "Shop", "visibility": "password", "password": SECRET})
    path = f"/status-pages/{made.data['id']}"

    answers = [made, await api.get(path), await api.get("/status-pages"), await api.put(path, {"password": SECRET})]

    assert [answer.status for answer in answers] == [201, 200, 200, 200]
    for answer in answers:
        assert SECRET not in str(answer.body)
        assert "argon2" not in str(answer.body)
        assert "'password':" not in str(answer.body)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_was_read_may_be_written_back(api: Api, ctx: Context, method: str) -> None:
    monitor = (await new_monitor(ctx)).id
    body = {"visibility": "password", "password": SECRET, "customDomain": "status.example.com"}
    await new_status_page(ctx, **body, components=[{"name": "a", "monitorIds": [monitor]}, {"name": "b"}])
    [before] = (await api.get("/status-pages")).data

    answer = await api.call(method, f"/status-pages/{before['id']}", before)

    assert answer.data == before | {"updatedAt": answer.data["updatedAt"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_edit_sets_what_is_present_and_keeps_the_rest(api: Api, ctx: Context, method: str) -> None:
    await new_status_page(ctx, description="All", logoUrl="https://a.example/l.svg")
    [before] = (await api.get("/status-pages")).data

    answer = await api.call(method, f"/status-pages/{before['id']}", {"name": "Blog", "logoUrl": None})

    changes = {"name": "Blog", "logoUrl": None, "updatedAt": answer.data["updatedAt"]}
    assert (answer.status, answer.data) == (200, before | changes)


async def test_all_faults_are_told_at_once_with_their_places(api: Api) -> None:
    body = {
        "name": 7,
        "slug": "Nope",
        "customDomain": "http://x",
        "visibility": "secret",
        "historyDays": 0,
        "components": [{"name": "ok"}, {"monitorIds": ["a", "a"], "position": 3}],
    }

    answer = await api.post("/status-pages", body)

    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert answer.faults == {
        "name": "INVALID_TYPE",
        "slug": "BAD_SLUG",
        "customDomain": "BAD_DOMAIN",
        "visibility": "INVALID_VALUE",
        "historyDays": "OUT_OF_RANGE",
        "components.1.name": "REQUIRED",
        "components.1.position": "UNKNOWN_FIELD",
        "components.1.monitorIds.1": "DUPLICATE",
    }
    assert not await models.StatusPage.exists()


async def test_a_slug_that_is_taken_is_409(api: Api, stranger: Context) -> None:
    await new_status_page(stranger, slug="shop")

    answer = await api.post("/status-pages", {"name": "Shop", "slug": "shop"})

    assert (answer.status, answer.code, answer.error["message"]) == (409, "SLUG_TAKEN", "'shop' is taken")


async def test_the_address_is_that_of_the_server(ctx: Context, settings: Settings) -> None:
    there = create_app(settings.model_copy(update={"public_url": "https://is0k.example/"}))

    async with serving(there, ctx) as api:
        answer = await api.post("/status-pages", {"name": "Shop"})
        own = await api.post("/status-pages", {"name": "Shop", "customDomain": "is0k.example"})

    assert answer.data["url"] == "https://is0k.example/status/shop"
    assert (own.status, own.faults) == (422, {"customDomain": "NOT_ALLOWED"})


async def test_delete_answers_what_is_gone(api: Api, ctx: Context) -> None:
    page = await new_status_page(ctx)

    answer = await api.delete(f"/status-pages/{page.id}")

    assert (answer.status, answer.data) == (200, {"id": page.id, "deleted": True})
    gone = await api.get(f"/status-pages/{page.id}")
    assert (gone.status, gone.code) == (404, "STATUS_PAGE_NOT_FOUND")
    assert gone.error["message"] == f"Status page with ID {page.id} not found"


async def test_a_list_is_narrowed_by_q_and_counted_when_asked(api: Api, ctx: Context) -> None:
    for name in ("Shop", "Blog", "Bloop"):
        await new_status_page(ctx, name=name)

    answer = await api.get("/status-pages?q=blo&limit=1&count=true")

    assert [page["name"] for page in answer.data] == ["Bloop"]
    assert answer.headers["X-Total-Count"] == "2"
    following = await api.get(f"/status-pages?q=blo&cursor={answer.headers['X-Next-Cursor']}")
    assert [page["name"] for page in following.data] == ["Blog"]
    assert (await api.get("/status-pages?status=up")).code == "UNKNOWN_PARAMETER"


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"name": "x"}), ("PATCH", {}), ("DELETE", None)])
async def test_what_is_not_ours_answers_like_what_is_not_there(
    api: Api, stranger: Context, method: str, body: Any
) -> None:
    theirs = (await new_status_page(stranger)).id

    told = []
    for id in (UNKNOWN, theirs, "pag_x", "mon_01h455vb4pex5vsknk084sn02q"):
        answer = await api.call(method, f"/status-pages/{id}", body)
        request_id = answer.headers["X-Request-Id"]
        told.append((answer.status, str(answer.body).replace(id, "…").replace(request_id, "…")))

    assert told == [told[0]] * 4
    assert told[0][0] == 404
    assert (await models.StatusPage.get()).name == "Shop status"
