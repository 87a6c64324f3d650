"""Who may call: keys, their scopes, and how a refusal reads."""

from typing import Any

import pytest

from is0k import models
from is0k.resolvers.api_keys import create_api_key, delete_api_key
from is0k.resolvers.context import Context
from is0k.rest.routes import ROWS
from is0k.schema import CreateApiKeyInput, Scope
from is0k.schema.api_key import new_key
from is0k.tests.stage.api import Answer, Api, key_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import (
    new_channel,
    new_delivery,
    new_incident,
    new_maintenance_window,
    new_monitor,
    new_status_page,
)

pytestmark = pytest.mark.anyio

INVALID = "The API key is unknown, deleted or expired"


async def call(api: Api, authorization: str | None) -> Answer:
    headers = {} if authorization is None else {"Authorization": authorization}
    return await api.with_key(None).get("/monitors", headers=headers)


def refused(answer: Answer) -> tuple[int, Any, Any, str]:
    return answer.status, answer.code, answer.error["message"], answer.headers["WWW-Authenticate"]


async def test_without_a_key_the_caller_is_told_how_to_send_one(api: Api) -> None:
    message = "Send an API key: Authorization: Bearer is0k_live_…"

    assert refused(await call(api, None)) == (401, "UNAUTHENTICATED", message, 'Bearer realm="is0k"')


@pytest.mark.parametrize("authorization", ["Bearer", "Basic dTpw", "Bearer x", "is0k_live_", "Bearer is0k_live_é"])
async def test_what_is_no_key_is_refused(api: Api, authorization: str) -> None:
    assert refused(await call(api, authorization)) == (401, "INVALID_API_KEY", INVALID, 'Bearer realm="is0k"')


async def test_a_key_nobody_made_a_typo_an_expired_and_a_deleted_one_are_refused_in_the_same_words(
    api: Api, ctx: Context, clock: FakeClock
) -> None:
    assert api.key is not None
    expired = await create_api_key(ctx, CreateApiKeyInput(name="x", expires_in_days=1))
    deleted = await create_api_key(ctx, CreateApiKeyInput(name="x"))
    await delete_api_key(ctx, deleted.api_key.id)
    clock.move(86_400)

    for key in (new_key(), api.key[:-1] + chr(ord(api.key[-1]) ^ 1), expired.key, deleted.key):
        answer = await call(api, f"Bearer {key}")
        assert refused(answer) == (401, "INVALID_API_KEY", INVALID, 'Bearer realm="is0k"')


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
async def test_no_route_answers_without_a_key(api: Api, row: Any) -> None:
    answer = await api.with_key(None).call(row.method, row.path.format(id="mon_1"))

    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
async def test_a_key_that_reads_changes_nothing(api: Api, ctx: Context, row: Any) -> None:
    channel = await new_channel(ctx)
    ids = {
        "monitors": (await new_monitor(ctx)).id,
        "incidents": (await new_incident(ctx)).id,
        "alert-channels": channel.id,
        "deliveries": (await new_delivery(ctx, channel)).id,
        "status-pages": (await new_status_page(ctx)).id,
        "maintenance-windows": (await new_maintenance_window(ctx)).id,
    }
    id = ids.get(row.path.split("/")[1])
    before = await everything()
    reader = api.with_key(await key_of(ctx, Scope.READ))

    answer = await reader.call(row.method, row.path.format(id=id), None if row.method == "GET" else {})

    if row.method == "GET":
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (403, "INSUFFICIENT_SCOPE")
        assert answer.error["message"] == "This API key lacks the scope 'write'"
    assert await everything() == before


async def everything() -> list[Any]:
    tables = (models.Monitor, models.MonitorState, models.Incident, models.AlertChannel, models.Delivery)
    return [await model.all().values() for model in tables]


async def test_who_may_not_write_is_told_so_before_the_body_is_read(api: Api, ctx: Context) -> None:
    reader = api.with_key(await key_of(ctx, Scope.READ))

    assert (await reader.send("POST", "/api/v1/monitors", data=b"{")).code == "INSUFFICIENT_SCOPE"
    assert (await reader.with_key(None).send("POST", "/api/v1/monitors", data=b"{")).code == "UNAUTHENTICATED"
