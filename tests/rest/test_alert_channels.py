"""Alert channels and deliveries over REST, with a real receiver at the other end."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from is0k import models
from is0k.app import create_app
from is0k.resolvers.context import Context
from is0k.schema.clock import SystemClock
from is0k.settings import Settings
from is0k.tests.channels.conftest import LOOPBACK
from is0k.tests.channels.postbox import open_postbox
from is0k.tests.channels.receiver import Receiver, receiving
from is0k.tests.models.test_secrets import dumped
from is0k.tests.stage.api import Api, serving
from is0k.tests.stage.channels import GOOD

pytestmark = pytest.mark.anyio

EMAIL = {"name": "Ops", "type": "email", **GOOD["email"]}
UNKNOWN = "chn_01h455vb4pex5vsknk084sn02q"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def open_api(ctx: Context, settings: Settings) -> AsyncIterator[Api]:
    """A server that may reach this machine, in the time of the receiver's clock."""
    allowed = settings.model_copy(update={"allowed_networks": LOOPBACK})
    async with serving(create_app(allowed, SystemClock()), ctx) as api:
        yield api


async def made(api: Api, **fields: Any) -> Any:
    return (await api.post("/alert-channels", {**EMAIL, **fields})).data


async def hook(api: Api, receiver: Receiver, **fields: Any) -> Any:
    body = {"name": "Hook", "type": "webhook", "url": receiver.url, **fields}
    return (await api.post("/alert-channels", body)).data


async def test_create_answers_201_with_the_channel_flat_and_where_it_is(api: Api) -> None:
    answer = await api.post("/alert-channels", {**EMAIL, "isDefault": True})

    assert (answer.status, answer.headers["Location"]) == (201, f"/api/v1/alert-channels/{answer.data['id']}")
    assert list(answer.data) == [
        "id",
        "name",
        "type",
        "enabled",
        "isDefault",
        "events",
        "monitorCount",
        "lastDelivery",
        "createdAt",
        "updatedAt",
        "address",
    ]
    assert answer.data["events"] == ["down", "up", "tls_expiring", "heartbeat_missed", "flapping", "incident"]
    assert (answer.data["type"], answer.data["isDefault"], answer.data["address"]) == (
        "email",
        True,
        "ops@example.com",
    )
    assert (await api.get(f"/alert-channels/{answer.data['id']}")).data == answer.data
    assert (await api.get("/alert-channels?type=email&enabled=true&q=op&count=true")).data == [answer.data]
    assert (await api.get("/alert-channels?enabled=false")).data == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("type", ["slack", "telegram", "webhook", "sms"])
async def test_what_was_read_may_be_written_back(api: Api, method: str, type: str) -> None:
    body = {"name": "Ops", "type": type, **GOOD[type]}
    path = f"/alert-channels/{(await api.post('/alert-channels', body)).data['id']}"
    before, stored = (await api.get(path)).data, (await models.AlertChannel.get()).typed_settings

    answer = await api.call(method, path, {**before, "name": "Night"})

    assert answer.data == before | {"name": "Night", "updatedAt": answer.data["updatedAt"]}
    assert (await models.AlertChannel.get()).typed_settings == stored


async def test_faults_are_told_under_flat_names_all_at_once(api: Api) -> None:
    answer = await api.post("/alert-channels", {"type": "sms", "authToken": "x", "events": [], "colour": "red"})

    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert answer.faults == {
        "name": "REQUIRED",
        "accountSid": "REQUIRED",
        "authToken": "BAD_SHAPE",
        "fromNumber": "REQUIRED",
        "toNumber": "REQUIRED",
        "events": "EMPTY",
        "colour": "UNKNOWN_FIELD",
    }
    assert await models.AlertChannel.all().count() == 0


async def test_what_is_wrong_with_a_type_is_told_of_the_type(api: Api) -> None:
    answer = await api.post("/alert-channels", {"name": "Ops", "type": "apprise", **GOOD["apprise"]})

    assert (answer.status, answer.faults) == (422, {"type": "NOT_ENABLED"})
    assert GOOD["apprise"]["url"] not in str(answer.body)


async def test_a_webhook_is_tested_with_the_secret_that_was_shown_once(open_api: Api, receiver: Receiver) -> None:
    channel = await hook(open_api, receiver)

    answer = await open_api.post(f"/alert-channels/{channel['id']}/test")

    assert (answer.status, answer.data["status"], answer.data["response"]) == (
        200,
        "sent",
        "The receiver answered 200",
    )
    [(headers, body)] = receiver.received
    event = Webhook(channel["secret"]).verify(body, {name.lower(): value for name, value in headers.items()})
    assert (event["type"], event["data"]["id"]) == ("channel.test", answer.data["id"])
    shown = (await open_api.get(f"/alert-channels/{channel['id']}")).data
    assert shown["secret"] == "••••" + channel["secret"][-4:]
    assert shown["lastDelivery"] == {
        "status": "sent",
        "at": answer.data["updatedAt"],
        "message": "The receiver answered 200",
    }
    assert (await open_api.get(f"/deliveries?channelId={channel['id']}&status=sent")).data == [answer.data]


async def test_a_null_rotates_the_secret_and_for_a_day_both_verify(open_api: Api, receiver: Receiver) -> None:
    channel = await hook(open_api, receiver)
    path = f"/alert-channels/{channel['id']}"

    rotated = (await open_api.put(path, {"secret": None})).data

    await open_api.post(f"{path}/test")
    [(headers, body)] = receiver.received
    assert rotated["secret"] != channel["secret"]
    for secret in (rotated["secret"], channel["secret"]):
        assert Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})


async def test_a_failed_test_answers_502_in_the_words_of_the_receiver_without_credentials(
    open_api: Api, receiver: Receiver
) -> None:
    channel = await hook(open_api, receiver, headers={"Authorization": "Bearer abcdefghijkl"})
    receiver.status, receiver.text = 500, f"bad abcdefghijkl or {channel['secret']} at {receiver.url}"

    answer = await open_api.post(f"/alert-channels/{channel['id']}/test")

    host = receiver.url.removesuffix("/hook/0123456789")
    words = f"The receiver answered 500: bad •••• or •••• at {host}/…"
    assert (answer.status, answer.code, answer.error["message"]) == (502, "CHANNEL_DELIVERY_FAILED", words)
    [delivery] = (await open_api.get("/deliveries")).data
    assert (delivery["status"], delivery["response"], delivery["kind"]) == ("failed", words, "test")


async def test_a_webhook_to_a_private_address_is_not_connected_to(api: Api, receiver: Receiver) -> None:
    channel = await hook(api, receiver)

    answer = await api.post(f"/alert-channels/{channel['id']}/test")

    assert (answer.status, answer.code) == (502, "CHANNEL_DELIVERY_FAILED")
    assert answer.error["message"].startswith("127.0.0.1 is this machine itself")
    assert receiver.received == []


async def test_a_mail_goes_through_the_server_of_the_setting(ctx: Context, settings: Settings) -> None:
    async with open_postbox() as postbox:
        url = SecretStr(f"smtp://127.0.0.1:{postbox.port}")
        app = create_app(settings.model_copy(update={"smtp_url": url, "mail_from": "alerts@is0k.example"}))
        async with serving(app, ctx) as api:
            channel = await made(api)
            answer = await api.post(f"/alert-channels/{channel['id']}/test")

    assert (answer.status, answer.data["response"]) == (200, "The mail server answered: taken as 4711")
    [mail] = postbox.mails
    assert (mail["To"], mail["Subject"]) == ("ops@example.com", "Test of the alert channel Ops")
    assert mail["Message-ID"] == f"<{answer.data['id']}@is0k.example>"


async def test_without_a_mail_server_the_answer_says_so(api: Api) -> None:
    answer = await api.post(f"/alert-channels/{(await made(api))['id']}/test")

    assert (answer.status, answer.code) == (502, "CHANNEL_DELIVERY_FAILED")
    assert "IS0K_SMTP_URL" in answer.error["message"]


async def test_too_many_tests_answer_429_and_when_to_come_again(api: Api) -> None:
    path = f"/alert-channels/{(await made(api))['id']}/test"
    for _ in range(10):
        await api.post(path)

    answer = await api.post(path)

    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (429, "RATE_LIMITED", "60")


async def test_a_delivery_is_replayed(open_api: Api, receiver: Receiver) -> None:
    channel = await hook(open_api, receiver)
    delivery = (await open_api.post(f"/alert-channels/{channel['id']}/test")).data
    await models.Delivery.all().update(kind="down")

    answer = await open_api.post(f"/deliveries/{delivery['id']}/replay")

    assert (answer.status, answer.data["status"], answer.data["attempts"]) == (200, "pending", 0)
    assert answer.data["nextAttemptAt"] == answer.data["updatedAt"]
    assert len(receiver.received) == 1


async def test_delete_answers_200_and_monitors_no_longer_name_it(api: Api) -> None:
    channel = await made(api)
    body = {"name": "Shop", "type": "http", "url": "https://shop.example/", "alertChannelIds": [channel["id"]]}
    monitor = (await api.post("/monitors", body)).data
    assert monitor["alertChannelIds"] == [channel["id"]]

    answer = await api.delete(f"/alert-channels/{channel['id']}")

    assert (answer.status, answer.data) == (200, {"id": channel["id"], "deleted": True})
    assert (await api.get(f"/monitors/{monitor['id']}")).data["alertChannelIds"] == []
    refused = await api.put(f"/monitors/{monitor['id']}", {"alertChannelIds": [channel["id"]]})
    assert (refused.status, refused.faults) == (422, {"alertChannelIds.0": "ALERT_CHANNEL_NOT_FOUND"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test")],
)
async def test_what_is_not_ours_answers_byte_for_byte_like_what_is_not_there(
    api: Api, stranger_api: Api, method: str, path: str
) -> None:
    theirs = (await made(stranger_api))["id"]
    body = {"name": "Stolen"} if method in ("PUT", "PATCH") else None

    told = [
        (await api.call(method, f"/alert-channels/{id}{path}", body)).error | {"requestId": ""}
        for id in (UNKNOWN, theirs, "x", "mon_01h455vb4pex5vsknk084sn02q")
    ]

    messages = [answer.pop("message") for answer in told]
    assert told == [{"code": "ALERT_CHANNEL_NOT_FOUND", "requestId": ""}] * 4
    assert messages[:2] == [f"Alert channel with ID {id} not found" for id in (UNKNOWN, theirs)]
    assert (await stranger_api.get(f"/alert-channels/{theirs}")).data["name"] == "Ops"


async def test_no_credential_stands_in_a_read_or_in_the_database_in_the_clear(api: Api, settings: Settings) -> None:
    for type, fields in GOOD.items():
        if type != "apprise":
            made = (await api.post("/alert-channels", {"name": type, "type": type, **fields})).data
            await api.put(f"/alert-channels/{made['id']}", {"name": f"new {type}"})
    await api.put(f"/alert-channels/{made['id']}", {"authToken": "1" * 32})
    secrets = [GOOD["slack"]["webhookUrl"], GOOD["discord"]["webhookUrl"], GOOD["telegram"]["botToken"]]
    secrets += [GOOD["webhook"]["secret"], GOOD["sms"]["authToken"], "1" * 32]

    shown = orjson.dumps((await api.get("/alert-channels")).body).decode()
    stored = await dumped(settings)

    assert "ops@example.com" in shown
    assert "ops@example.com" in stored
    for secret in secrets:
        assert secret not in shown
        assert secret not in stored
