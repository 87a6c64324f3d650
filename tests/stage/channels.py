"""Settings of every type of channel, and a channel that tells nobody and remembers what it was to tell."""

from dataclasses import dataclass, field, replace
from typing import Any

from is0k.channels.base import Channels, Message, Receipt
from is0k.channels.refusal import Refused
from is0k.resolvers.context import Context, Services
from is0k.schema.enums import ChannelType

TOKEN = "123456789:AAExampleExampleExampleExample_-abc"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SID = "AC" + "0123456789abcdef" * 2
GOOD: dict[str, dict[str, Any]] = {
    "email": {"address": "ops@example.com"},
    "slack": {"webhookUrl": "https://hooks.slack.com/services/T000/B000/XXXXXXXX"},
    "discord": {"webhookUrl": "https://discord.com/api/webhooks/1/abcdefgh"},
    "telegram": {"botToken": TOKEN, "chatId": "-1001234567890"},
    "webhook": {"url": "https://example.com/hook", "headers": {"X-A": "b"}, "secret": SECRET},
    "sms": {"accountSid": SID, "authToken": "0" * 32, "fromNumber": "+15005550006", "toNumber": "+4930123456"},
    "apprise": {"url": "pover://user@token"},
}


@dataclass
class FakeChannel:
    refuses: str | None = None
    sent: list[tuple[Any, Message]] = field(default_factory=list)

    async def send(self, settings: Any, message: Message) -> Receipt:
        self.sent.append((settings, message))
        if self.refuses:
            raise Refused(self.refuses)
        return Receipt("taken")


def with_channel(ctx: Context, channel: FakeChannel) -> Context:
    """The same person, on a server whose mails go to `channel`."""
    services = Services(channels=Channels({ChannelType.EMAIL: channel}), public_url="https://is0k.example")
    return replace(ctx, services=services)
