"""The `webhook` channel: a JSON event, signed by Standard Webhooks 1.0.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from typing import Any

import orjson

from is0k.channels.base import Message, Reach, Receipt
from is0k.channels.refusal import Refused
from is0k.schema.clock import milliseconds
from is0k.schema.scalars import rfc3339
from is0k.schema.webhook_settings import WebhookSettings, secret_key

# The form of `data`: a receiver may rely on it, and what changes it raises the number.
VERSION = 1
MAX_BODY_BYTES = 20_000
CUT_CHARACTERS = 1_000
GONE = 410


class WebhookChannel:
    def __init__(self, reach: Reach) -> None:
        self._http, self._clock = reach.http, reach.clock

    async def send(self, settings: WebhookSettings, message: Message) -> Receipt:
        now = milliseconds(self._clock.now())
        body = event(message)
        signed = signature(settings.signing_secrets(now), message.id, now // 1000, body)
        headers = {
            "Content-Type": "application/json",
            "Webhook-Id": message.id,
            "Webhook-Timestamp": str(now // 1000),
            "Webhook-Signature": signed,
        }
        answer = await self._http.post(settings.url, body, {**settings.headers, **headers})
        if answer.is_good:
            return Receipt(f"The receiver {answer.words}")
        if 300 <= answer.status < 400:
            raise Refused(f"The receiver answered {answer.status}: a redirect, and those are not followed")
        # "Gone" is how a receiver says that it wants no more.
        raise Refused(f"The receiver {answer.words}", permanent=answer.status == GONE)


def event(message: Message) -> bytes:
    body = orjson.dumps(_event(message, {"facts": dict(message.facts), **message.data}))
    return body if len(body) <= MAX_BODY_BYTES else orjson.dumps(_event(message, {"truncated": True}))


def _event(message: Message, data: dict[str, Any]) -> dict[str, Any]:
    is_cut = data.get("truncated") is True
    title, text = ((words[:CUT_CHARACTERS] if is_cut else words) for words in (message.title, message.text))
    told = {"id": message.id, "title": title, "text": text, "url": message.link}
    return {"type": message.event, "version": VERSION, "timestamp": rfc3339(message.at), "data": {**told, **data}}


def signature(secrets: list[str], id: str, timestamp: int, body: bytes) -> str:
    """One for each secret, newest first: while one takes the place of another, a receiver may know either."""
    content = b".".join((id.encode(), str(timestamp).encode(), body))
    digests = (hmac.digest(secret_key(secret), content, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
