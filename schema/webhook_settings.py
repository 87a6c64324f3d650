"""Settings of a `webhook` alert channel: a JSON event, signed the way of Standard Webhooks.

The secret is 24 to 64 bytes (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
When it changes, the one before goes on signing beside it for a day, so that a receiver can change in its own time.
"""

import base64
import binascii
import dataclasses
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.faults import Fault, Verbatim
from is0k.schema.http_settings import HARMLESS_HEADERS
from is0k.schema.rules import Headers, HttpUrl, rule
from is0k.schema.scalars import StringMap
from is0k.schema.typed_settings import as_input, as_patch

MARK = "whsec_"
NEW_SECRET_BYTES = 32
OVERLAP_MS = 24 * 3600 * 1000
OWN_HEADERS = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")


def new_secret() -> str:
    return MARK + base64.b64encode(secrets.token_bytes(NEW_SECRET_BYTES)).decode()


def secret_key(secret: str) -> bytes:
    """The bytes that sign. Raises ValueError."""
    return base64.b64decode(secret.removeprefix(MARK), validate=True)


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    def __call__(self, value: str) -> Iterator[Fault]:
        try:
            is_good = value.startswith(MARK) and 24 <= len(secret_key(value)) <= 64
        except (binascii.Error, ValueError):
            is_good = False
        if not is_good:
            yield Fault((), "BAD_SECRET", "Must be whsec_ and 24 to 64 bytes in base64")


@strawberry.type(description="Send a JSON event to a URL, signed the way of Standard Webhooks 1.0.0.")
class WebhookSettings:
    url: str = strawberry.field(metadata=rule(HttpUrl()))
    headers: StringMap = strawberry.field(
        default_factory=lambda: StringMap({}),
        description="Sent along. A read masks the values that may be credentials; "
        "a masked value written back keeps what is stored.",
        metadata=rule(Headers(), secret=True, harmless=HARMLESS_HEADERS),
    )
    secret: str | None = strawberry.field(
        default=None,
        description="Made for you when you give none, and shown in full only in the answer that makes or changes it. "
        "An update to null makes a new one; the one before signs along for another 24 hours.",
        metadata=rule(WebhookSecret(), secret=True),
    )
    previous_secret: strawberry.Private[str | None] = dataclasses.field(default=None, metadata={"secret": True})
    previous_until: strawberry.Private[int] = 0  # ms since the epoch

    def faults(self) -> Iterator[Fault]:
        for name in self.headers or ():
            if name.lower() in OWN_HEADERS:
                yield Fault(("headers", Verbatim(name)), "BAD_HEADER_NAME", f"The header {name} is set by is0k itself")

    def signing_secrets(self, now: int) -> list[str]:
        """The newest first. `now` in ms since the epoch."""
        before = self.previous_secret if now < self.previous_until else None
        return [secret for secret in (self.secret, before) if secret]


def completed(settings: WebhookSettings, before: WebhookSettings | None, now: int) -> WebhookSettings:
    """With a secret, if nobody has given one; and with the one it takes the place of. `now` in ms since the epoch."""
    settings = dataclasses.replace(settings, secret=settings.secret or new_secret())
    if before is None or before.secret == settings.secret:
        return settings
    return dataclasses.replace(settings, previous_secret=before.secret, previous_until=now + OVERLAP_MS)


if TYPE_CHECKING:
    WebhookSettingsInput: TypeAlias = WebhookSettings
    WebhookSettingsPatch: TypeAlias = WebhookSettings
else:
    WebhookSettingsInput, WebhookSettingsPatch = as_input(WebhookSettings), as_patch(WebhookSettings)
