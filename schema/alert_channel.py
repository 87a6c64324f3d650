"""An alert channel: whom is0k tells, and of what."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from is0k.schema.apprise_settings import AppriseSettings, AppriseSettingsInput, AppriseSettingsPatch
from is0k.schema.delivery import LastDelivery
from is0k.schema.discord_settings import DiscordSettings, DiscordSettingsInput, DiscordSettingsPatch
from is0k.schema.email_settings import EmailSettings, EmailSettingsInput, EmailSettingsPatch
from is0k.schema.enums import ChannelEvent, ChannelType
from is0k.schema.faults import Fault
from is0k.schema.node import Node
from is0k.schema.rules import SomeOf, Text, rule
from is0k.schema.slack_settings import SlackSettings, SlackSettingsInput, SlackSettingsPatch
from is0k.schema.sms_settings import SmsSettings, SmsSettingsInput, SmsSettingsPatch
from is0k.schema.telegram_settings import TelegramSettings, TelegramSettingsInput, TelegramSettingsPatch
from is0k.schema.webhook_settings import WebhookSettings, WebhookSettingsInput, WebhookSettingsPatch

AlertChannelSettings = Annotated[
    EmailSettings
    | SlackSettings
    | DiscordSettings
    | TelegramSettings
    | WebhookSettings
    | SmsSettings
    | AppriseSettings,
    strawberry.union("AlertChannelSettings"),
]

SETTINGS: dict[ChannelType, type[Any]] = {
    ChannelType.EMAIL: EmailSettings,
    ChannelType.SLACK: SlackSettings,
    ChannelType.DISCORD: DiscordSettings,
    ChannelType.TELEGRAM: TelegramSettings,
    ChannelType.WEBHOOK: WebhookSettings,
    ChannelType.SMS: SmsSettings,
    ChannelType.APPRISE: AppriseSettings,
}


def default_events() -> list[ChannelEvent]:
    """All that somebody has to act on. Degraded still works, and would page at night. Flapping is in: it is the one
    notice that says why the downs and ups that follow are not told."""
    return [event for event in ChannelEvent if event is not ChannelEvent.DEGRADED]


@strawberry.type
class AlertChannel(Node):
    name: str
    type: ChannelType
    enabled: bool
    is_default: bool = strawberry.field(
        description="Told of the monitors that name no channel. Any number of channels may be."
    )
    events: list[ChannelEvent] = strawberry.field(description="What it tells of.")
    settings: AlertChannelSettings = strawberry.field(metadata={"flat": True})
    monitor_count: int = strawberry.field(description="How many monitors name it.")
    last_delivery: LastDelivery | None
    created_at: datetime
    updated_at: datetime


@strawberry.input(one_of=True, description="Exactly one: the settings of the channel's type.")
class AlertChannelSettingsInput:
    email: EmailSettingsInput | None = UNSET
    slack: SlackSettingsInput | None = UNSET
    discord: DiscordSettingsInput | None = UNSET
    telegram: TelegramSettingsInput | None = UNSET
    webhook: WebhookSettingsInput | None = UNSET
    sms: SmsSettingsInput | None = UNSET
    apprise: AppriseSettingsInput | None = UNSET


@strawberry.input(one_of=True, description="Exactly one: the settings that change, of the channel's own type.")
class AlertChannelSettingsPatch:
    email: EmailSettingsPatch | None = UNSET
    slack: SlackSettingsPatch | None = UNSET
    discord: DiscordSettingsPatch | None = UNSET
    telegram: TelegramSettingsPatch | None = UNSET
    webhook: WebhookSettingsPatch | None = UNSET
    sms: SmsSettingsPatch | None = UNSET
    apprise: AppriseSettingsPatch | None = UNSET


@strawberry.input
class CreateAlertChannelInput:
    name: str = strawberry.field(metadata=rule(Text(1, 100)))
    settings: AlertChannelSettingsInput = strawberry.field(metadata={"flat": True})
    enabled: bool = True
    is_default: bool = False
    events: list[ChannelEvent] = strawberry.field(default_factory=default_events, metadata=rule(SomeOf()))


@strawberry.input(description="What is present is set, what is absent is kept, null goes back to the default.")
class UpdateAlertChannelInput:
    name: str | None = strawberry.field(default=UNSET, metadata=rule(Text(1, 100)))
    settings: AlertChannelSettingsPatch | None = strawberry.field(default=UNSET, metadata={"flat": True})
    enabled: bool | None = UNSET
    is_default: bool | None = UNSET
    events: list[ChannelEvent] | None = strawberry.field(default=UNSET, metadata=rule(SomeOf()))

    def faults(self) -> Iterator[Fault]:
        if self.name is None:
            yield Fault(("name",), "REQUIRED", "Must not be null")


@strawberry.input
class AlertChannelFilter:
    type: ChannelType | None = None
    enabled: bool | None = None
    q: str | None = strawberry.field(
        default=None, description="Part of the name, in any letter case.", metadata=rule(Text(1, 100))
    )
