"""`Idempotency-Key`: a request that is sent again is not done again."""

import asyncio
from typing import Any

import pytest

from is0k import models
from is0k.models.sql import fetch
from is0k.tests.stage.api import Answer, Api
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
DAY_SECONDS = 86_400


async def post(api: Api, path: str = "/monitors", body: Any = SHOP, key: str = "k1") -> Answer:
    return await api.post(path, body, headers={"Idempotency-Key": key})


async def count() -> int:
    return await models.Monitor.all().count()


async def test_a_repeat_gets_the_first_answer_again(api: Api) -> None:
    first = await post(api)
    again = await post(api)

    assert (again.status, again.body, again.headers["Location"]) == (201, first.body, first.headers["Location"])
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert await count() == 1


async def test_a_repeat_gets_the_first_answer_though_the_noun_has_changed_since(api: Api) -> None:
    path = f"/monitors/{(await post(api)).data['id']}"
    paused = await post(api, f"{path}/pause", None, "k2")
    await api.post(f"{path}/resume")

    assert (await post(api, f"{path}/pause", None, "k2")).body == paused.body
    assert (await api.get(path)).data["paused"] is False


@pytest.mark.parametrize(
    ("path", "body"),
    [("/monitors", {**SHOP, "name": "Blog"}), ("/monitors/{id}/pause", None), ("/monitors/{id}/pause", {})],
)
async def test_another_request_with_the_key_is_409_and_does_nothing(api: Api, path: str, body: Any) -> None:
    id = (await post(api)).data["id"]

    answer = await post(api, path.format(id=id), body)

    assert (answer.status, answer.code) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert answer.error["message"] == "This Idempotency-Key was sent with another request"
    assert [monitor.paused for monitor in await models.Monitor.all()] == [False]


async def test_of_many_at_once_one_is_done_and_the_others_are_told_to_wait_or_get_its_answer(api: Api) -> None:
    answers = await asyncio.gather(*(post(api) for _ in range(8)))

    assert await count() == 1
    assert len({str(answer.body) for answer in answers if answer.status == 201}) == 1
    waiting = [answer for answer in answers if answer.status != 201]
    message = "The first request with this Idempotency-Key is still under way; try again in a moment"
    assert {(answer.status, answer.code) for answer in waiting} <= {(409, "IDEMPOTENCY_KEY_REUSED")}
    assert {answer.error["message"] for answer in waiting} <= {message}


async def test_the_key_is_the_organizations_own(api: Api, stranger_api: Api) -> None:
    mine, theirs = await post(api), await post(stranger_api, body={**SHOP, "name": "Theirs"})

    assert (mine.data["name"], theirs.data["name"]) == ("Shop", "Theirs")


async def test_a_refusal_is_not_kept(api: Api) -> None:
    assert (await post(api, body={**SHOP, "retries": -1})).status == 422
    assert (await post(api, "/monitors/mon_x/pause", None)).status == 404
    assert await models.IdempotentAnswer.all().count() == 0
    assert (await post(api)).status == 201


async def test_after_a_day_the_key_is_new(api: Api, clock: FakeClock) -> None:
    first = await post(api)
    clock.move(DAY_SECONDS - 1)
    assert (await post(api)).data == first.data
    clock.move(1)

    answer = await post(api, body={**SHOP, "name": "Blog"})

    assert (answer.status, answer.data["name"]) == (201, "Blog")
    assert await count() == 2


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "\t"])
async def test_what_cannot_be_a_key_is_refused(api: Api, key: str) -> None:
    answer = await post(api, key=key)

    assert (answer.status, answer.faults) == (422, {"Idempotency-Key": "BAD_KEY"})
    assert answer.error["details"][0]["message"] == "Must be one word of 1 to 255 visible ASCII characters"
    assert await count() == 0


async def test_only_post_asks_for_it(api: Api) -> None:
    path = f"/monitors/{(await api.post('/monitors', SHOP)).data['id']}"

    for _ in range(2):
        answer = await api.call("PUT", path, {"name": "Blog"}, headers={"Idempotency-Key": "a b"})
        assert (answer.status, "Idempotency-Replayed" in answer.headers) == (200, False)


async def test_what_is_kept_cannot_be_read_from_the_table(api: Api) -> None:
    await post(api, body={**SHOP, "name": "Very secret"})

    [row] = await models.IdempotentAnswer.all()
    [stored] = await fetch("SELECT answer FROM idempotent_answer")
    assert row.answer["status"] == 201
    assert "Very secret" in row.answer["body"]
    assert "Very secret" not in stored["answer"]
