"""ETag, If-None-Match and If-Match: what has been read is not sent again, and no edit overwrites another unseen."""

import asyncio
from typing import Any

import pytest

from is0k import models
from is0k.tests.stage.api import Answer, Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import DOWN, check, remember

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
NO_TAGS = ['"', "x", "W/", '"a" "b"', "", ",", '"*"']


@pytest.fixture
async def path(api: Api) -> str:
    return f"/monitors/{(await api.post('/monitors', SHOP)).data['id']}"


async def tag_of(api: Api, path: str) -> str:
    return (await api.get(path)).headers["ETag"]


async def edit(api: Api, method: str, path: str, tag: str) -> Answer:
    body = None if method == "DELETE" else {"name": "Blog"}
    return await api.call(method, path, body, headers={"If-Match": tag})


async def name(api: Api, path: str) -> Any:
    return (await api.get(path)).data["name"]


async def test_what_has_not_changed_is_304_without_a_body(api: Api, path: str) -> None:
    tag = await tag_of(api, path)

    for method, given in (("GET", tag), ("GET", f"W/{tag}"), ("GET", f'"a", {tag}'), ("GET", "*"), ("HEAD", tag)):
        answer = await api.call(method, path, headers={"If-None-Match": given})

        assert (answer.status, answer.body) == (304, b"")
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (tag, "private, no-cache")
        assert answer.headers["X-Request-Id"]
        assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("given", ['"x"', 'W/"x", "y"', *NO_TAGS])
async def test_any_other_tag_is_answered_with_the_noun(api: Api, path: str, given: str) -> None:
    answer = await api.get(path, headers={"If-None-Match": given})

    assert (answer.status, answer.data["name"]) == (200, "Shop")


async def test_a_new_check_is_something_new_to_read(api: Api, path: str, clock: FakeClock) -> None:
    tag = await tag_of(api, path)
    await remember(check((await models.Monitor.get()).number, clock.ms, DOWN))
    await models.MonitorState.all().update(last_checked_at=clock.ms)

    answer = await api.get(path, headers={"If-None-Match": tag})

    assert (answer.status, answer.data["lastCheckedAt"]) == (200, "2026-11-23T12:00:00.000Z")


async def test_a_new_check_does_not_stand_in_the_way_of_an_edit(api: Api, path: str, clock: FakeClock) -> None:
    tag = await tag_of(api, path)
    await models.MonitorState.all().update(last_checked_at=clock.ms)

    assert await tag_of(api, path) != tag
    assert (await edit(api, "PUT", path, tag)).data["name"] == "Blog"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_an_edit_of_what_somebody_else_has_changed_is_412_and_changes_nothing(
    api: Api, path: str, method: str
) -> None:
    stale = await tag_of(api, path)
    await api.put(path, {"name": "News"})

    answer = await edit(api, method, path, stale)

    assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")
    assert answer.error["message"] == "It has changed since you read it: the ETag is not that of If-Match"
    assert await name(api, path) == "News"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_an_edit_of_what_was_read_last_is_made(api: Api, path: str, method: str) -> None:
    await api.put(path, {"name": "News"})
    fresh = await tag_of(api, path)

    assert (await edit(api, method, path, fresh)).status == 200


@pytest.mark.parametrize("mark", ['W/"{}"', '"{}-gzip"', '"a", "{}"', "*"])
async def test_a_tag_may_have_come_through_a_proxy_that_compresses(api: Api, path: str, mark: str) -> None:
    tag = (await tag_of(api, path)).strip('"')

    assert (await edit(api, "PUT", path, mark.format(tag))).status == 200


@pytest.mark.parametrize("given", NO_TAGS)
async def test_what_is_no_tag_is_that_of_nothing(api: Api, path: str, given: str) -> None:
    answer = await edit(api, "PUT", path, given)

    assert (answer.status, await name(api, path)) == (412, "Shop")


async def test_of_many_who_change_what_they_have_read_one_does(api: Api, path: str) -> None:
    tag = await tag_of(api, path)

    answers = await asyncio.gather(
        *(api.call("PUT", path, {"name": f"By {n}"}, headers={"If-Match": tag}) for n in range(8))
    )

    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    [winner] = [answer for answer in answers if answer.status == 200]
    assert await name(api, path) == winner.data["name"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_what_is_not_there_is_404_whatever_the_tag(api: Api, path: str, method: str) -> None:
    for tag in (await tag_of(api, path), "*", '"x"'):
        assert (await edit(api, method, "/monitors/mon_x", tag)).code == "MONITOR_NOT_FOUND"


async def test_a_body_that_is_not_valid_is_told_before_the_tag(api: Api, path: str) -> None:
    answer = await api.call("PUT", path, {"retries": -1}, headers={"If-Match": '"x"'})

    assert answer.faults == {"retries": "OUT_OF_RANGE"}


async def test_pause_is_no_edit_of_what_was_read(api: Api, path: str) -> None:
    assert (await api.post(f"{path}/pause", headers={"If-Match": '"x"'})).status == 200


async def test_lists_and_refusals_and_writes_have_no_tag(api: Api, path: str) -> None:
    answers = [await api.get("/monitors"), await api.get("/monitors/mon_x"), await api.put(path, {})]

    assert [answer.headers.get("ETag") for answer in answers] == [None, None, None]


async def test_a_read_that_no_edit_changes_has_a_tag_too(api: Api, path: str) -> None:
    tag = await tag_of(api, f"{path}/stats")

    assert (await api.get(f"{path}/stats", headers={"If-None-Match": tag})).status == 304
