"""Against a real receiver that verifies with the public library of Standard Webhooks."""

import base64
from dataclasses import replace
from time import time
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from is0k.channels.base import Reach
from is0k.channels.refusal import Refused
from is0k.channels.webhook import MAX_BODY_BYTES, WebhookChannel, event, signature
from is0k.schema.scalars import StringMap
from is0k.schema.webhook_settings import WebhookSettings, completed, new_secret
from is0k.tests.channels.conftest import MESSAGE
from is0k.tests.channels.receiver import Receiver

pytestmark = pytest.mark.anyio

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def hook(receiver: Receiver, **fields: Any) -> WebhookSettings:
    return WebhookSettings(url=receiver.url, secret=SECRET, **fields)


def verified(secret: str, received: tuple[dict[str, str], bytes]) -> Any:
    headers, body = received
    return Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})


def test_the_signature_of_the_specification_is_ours() -> None:
    """The vector of https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries."""
    signed = signature([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_public_library_verifies_what_a_receiver_gets(reach: Reach, receiver: Receiver) -> None:
    receipt = await WebhookChannel(reach).send(hook(receiver), MESSAGE)

    [received] = receiver.received
    assert receipt.words == "The receiver answered 200"
    assert verified(SECRET, received) == {
        "type": "channel.test",
        "version": 1,
        "timestamp": "2026-11-23T12:00:00.000Z",
        "data": {
            "id": MESSAGE.id,
            "title": "Shop is down",
            "text": "No answer within 10 s",
            "url": "https://is0k.example/monitors/mon_1",
            "facts": {"Monitor": "Shop", "URL": "https://shop.example/?a=1&b=2"},
            "monitorId": "mon_1",
        },
    }
    headers = received[0]
    assert (headers["Webhook-Id"], headers["Content-Type"]) == (MESSAGE.id, "application/json")
    assert abs(int(headers["Webhook-Timestamp"]) - time()) < 60


@pytest.mark.parametrize("part", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "body"])
async def test_one_flipped_bit_is_noticed(reach: Reach, receiver: Receiver, part: str) -> None:
    await WebhookChannel(reach).send(hook(receiver), MESSAGE)
    [(headers, body)] = receiver.received
    if part == "body":
        body = body[:-10] + bytes([body[-10] ^ 1]) + body[-9:]
    elif part == "Webhook-Signature":
        digest = bytearray(base64.b64decode(headers[part].removeprefix("v1,")))
        digest[-1] ^= 1
        headers = {**headers, part: f"v1,{base64.b64encode(digest).decode()}"}
    else:
        value = headers[part]
        headers = {**headers, part: value[:-1] + chr(ord(value[-1]) ^ 1)}

    with pytest.raises(WebhookVerificationError):
        verified(SECRET, (headers, body))


async def test_while_a_secret_takes_the_place_of_another_both_verify(reach: Reach, receiver: Receiver) -> None:
    before = hook(receiver)
    rotated = completed(replace(before, secret=None), before, now=int(time() * 1000))
    assert rotated.secret is not None

    await WebhookChannel(reach).send(rotated, MESSAGE)

    [received] = receiver.received
    assert verified(rotated.secret, received) == verified(SECRET, received)
    with pytest.raises(WebhookVerificationError):
        verified(new_secret(), received)


async def test_the_headers_of_the_user_are_sent_along(reach: Reach, receiver: Receiver) -> None:
    await WebhookChannel(reach).send(hook(receiver, headers=StringMap({"Authorization": "Bearer abc"})), MESSAGE)

    assert receiver.received[0][0]["Authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (302, False, "The receiver answered 302: a redirect, and those are not followed"),
        (400, False, "The receiver answered 400: thanks"),
        (404, False, "The receiver answered 404: thanks"),
        (410, True, "The receiver answered 410: thanks"),
        (500, False, "The receiver answered 500: thanks"),
    ],
)
async def test_what_is_not_2xx_is_a_failure_and_only_gone_is_for_good(
    reach: Reach, receiver: Receiver, status: int, permanent: bool, words: str
) -> None:
    receiver.status, receiver.headers = status, {"Location": f"{receiver.url}/elsewhere"}

    with pytest.raises(Refused) as refused:
        await WebhookChannel(reach).send(hook(receiver), MESSAGE)

    assert (refused.value.permanent, refused.value.words) == (permanent, words)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("letter", ["x", "\u2022", "\x01", "😀"])
def test_a_body_is_at_most_20_kb(letter: str) -> None:
    long = replace(MESSAGE, title=letter * 30_000, text=letter * 30_000, data={"evidence": letter * 30_000})

    body = event(long)

    assert len(body) <= MAX_BODY_BYTES
    told = orjson.loads(body)["data"]
    assert (told["id"], told["truncated"], "evidence" in told) == (MESSAGE.id, True, False)
    assert told["title"] == letter * 1_000


def test_the_secret_signs_as_bytes_and_not_as_text() -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(64))).decode()

    body = event(MESSAGE)
    headers = {
        "webhook-id": "x",
        "webhook-timestamp": str(int(time())),
        "webhook-signature": signature([secret], "x", int(time()), body),
    }

    assert Webhook(secret).verify(body, headers)["type"] == "channel.test"
