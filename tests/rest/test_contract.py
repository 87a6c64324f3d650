"""The contract of §1.1 and §1.2, row by row: every promised route is there and keeps the rules of all."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from is0k.models.monitor_state import claim
from is0k.rest.openapi import document
from is0k.rest.routes import PREFIX, ROWS
from is0k.rest.row import Row
from is0k.tests.rest.contract import ADDED, DOCUMENTED, NOUNS, Promise
from is0k.tests.stage.api import Answer, Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import check, remember
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio

PROMISES = [*DOCUMENTED, *ADDED]
BY_ROUTE = {(row.method, row.path): row for row in ROWS}
ABOUT_ONE = [promise for promise in PROMISES if "{id}" in promise.path]
EDITS = [promise for promise in ABOUT_ONE if promise.method in ("PUT", "PATCH", "DELETE")]
# An id of another noun, those that are malformed, and one that nothing has.
MALFORMED = ["x", "{prefix}_", "org_01h455vb4pex5vsknk084sn02q", "{prefix}_01H455VB4PEX5VSKNK084SN02Q", "..%2f", "%00"]
UNKNOWN = "{prefix}_01h455vb4pex5vsknk084sn02q"
DOCUMENT = document(ROWS, PREFIX)


def test_the_documented_table_has_twenty_two_routes() -> None:
    assert len(DOCUMENTED) == len(set(DOCUMENTED)) == 22


def test_every_promise_has_a_row() -> None:
    assert [str(promise) for promise in PROMISES if promise[:2] not in BY_ROUTE] == []


def test_there_is_no_route_that_was_not_promised() -> None:
    assert set(BY_ROUTE) - {promise[:2] for promise in PROMISES} == set()
    assert max(Counter((row.method, row.path) for row in ROWS).values()) == 1


@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_a_route_leads_to_its_verb_and_its_status(promise: Promise) -> None:
    row = BY_ROUTE[promise[:2]]

    assert (row.verb.name, row.status) == (promise.verb, promise.status)


def row_of(promise: Promise) -> Row:
    return BY_ROUTE[promise[:2]]


def example(promise: Promise, ending: str = "") -> Any:
    """A body that the document gives as an example, the first named so; None where the route takes none."""
    operation = DOCUMENT["paths"][promise.path][promise.method.lower()]
    if "requestBody" not in operation:
        return None
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    return next(example["value"] for name, example in examples.items() if name.endswith(ending))


def collection_of(promise: Promise) -> str:
    return promise.path.split("/")[1]


async def made(api: Api, promise: Promise) -> str:
    """The route's path, about a noun that was made for it if it is about one."""
    if "{id}" not in promise.path:
        return promise.path
    collection = Promise("POST", f"/{collection_of(promise)}", "")
    kind = "Heartbeat" if promise.path.endswith("/rotate-ping-url") else ""
    answer = await api.post(collection.path, example(collection, kind))
    return promise.path.format(id=answer.data["id"])


async def call(api: Api, promise: Promise, path: str, **headers: str) -> Answer:
    return await api.call(promise.method, path, example(promise), headers=headers)


# What can be tried here: a delivery is made by an incident, and a target or a provider must answer to be asked.
TRIED = [promise for promise in PROMISES if collection_of(promise) != "deliveries"]
TRIED = [promise for promise in TRIED if not promise.path.endswith(("/preview", "/test"))]


@pytest.mark.parametrize("promise", TRIED, ids=str)
async def test_a_route_answers_with_its_status_in_the_envelope(api: Api, clock: FakeClock, promise: Promise) -> None:
    path = await made(api, promise)

    answer, _ = await asyncio.gather(call(api, promise, path), work(clock, promise))

    assert answer.status == promise.status, answer.body
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-Id"]
    assert list(answer.body) == ["data", "error"]
    assert answer.body["error"] is None
    assert ("ETag" in answer.headers) == (promise.method == "GET" and not isinstance(answer.data, list))


async def work(clock: FakeClock, promise: Promise) -> None:
    """A worker that makes the check that was asked for."""

    async def claimed() -> list[Any]:
        return await claim(clock.ms, clock.ms, 10)

    if promise.path.endswith("/check"):
        for row in await until("something is due", claimed, 5):
            await remember(check(row["number"], row["slot_at"]))


@pytest.mark.parametrize("promise", PROMISES, ids=str)
async def test_without_a_key_there_is_nothing(api: Api, promise: Promise) -> None:
    answer = await call(api.with_key(None), promise, promise.path.format(id="x"))

    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
    assert list(answer.body) == ["data", "error"]
    assert answer.error["requestId"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("promise", ABOUT_ONE, ids=str)
async def test_what_is_not_there_is_told_in_the_same_words_for_every_noun(api: Api, promise: Promise) -> None:
    noun, prefix = NOUNS[collection_of(promise)]
    for id in (UNKNOWN, *MALFORMED):
        id = id.format(prefix=prefix)
        answer = await call(api, promise, promise.path.format(id=id))

        if id == "..%2f":
            assert answer.status == 404
            continue
        shown = "\x00" if id == "%00" else id
        assert (answer.status, answer.code) == (404, f"{noun.upper().replace(' ', '_')}_NOT_FOUND")
        assert answer.error["message"] == f"{noun} with ID {shown} not found"


@pytest.mark.parametrize("path", sorted({promise.path for promise in PROMISES}))
async def test_another_method_is_405_and_told_which_there_are(api: Api, path: str) -> None:
    methods = {row.method for row in ROWS if row.path == path}
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))

    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
        answer = await api.call(method, path.format(id="x"))
        assert (answer.status, answer.code, answer.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", allowed)


@pytest.mark.parametrize("promise", EDITS, ids=str)
async def test_an_edit_of_what_has_changed_since_is_412_and_changes_nothing(
    api: Api, clock: FakeClock, promise: Promise
) -> None:
    path = await made(api, promise)
    stale = (await api.get(path)).headers["ETag"]
    clock.move(1)
    edit = Promise("PUT", promise.path, "")
    assert (await call(api, edit, path)).status == 200
    before = await api.get(path)

    answer = await call(api, promise, path, **{"If-Match": stale})

    assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")
    assert (await api.get(path)).body == before.body
    assert (await call(api, promise, path, **{"If-Match": before.headers["ETag"]})).status == 200


@pytest.mark.parametrize("promise", [promise for promise in PROMISES if promise.status == 201], ids=str)
async def test_what_is_created_is_where_the_answer_says(api: Api, promise: Promise) -> None:
    answer = await call(api, promise, await made(api, promise))

    location = answer.headers["Location"]
    assert location.endswith(f"/{answer.data['id']}")
    if (("GET", f"{promise.path}/{{id}}")) in BY_ROUTE:
        assert (await api.send("GET", location)).data["id"] == answer.data["id"]


@pytest.mark.parametrize("promise", [promise for promise in TRIED if promise.status == 201], ids=str)
async def test_what_was_posted_twice_with_one_key_is_made_once(api: Api, promise: Promise) -> None:
    path = await made(api, promise)

    first, again = [await call(api, promise, path, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert (again.status, again.body, again.headers["Idempotency-Replayed"]) == (201, first.body, "true")
