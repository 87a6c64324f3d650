"""Settings of a `discord` alert channel."""

from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.rules import HttpUrl, rule
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.type(description="Tell a Discord channel, or any receiver of Discord's messages.")
class DiscordSettings:
    # Whoever knows the address may post: it is a credential.
    webhook_url: str = strawberry.field(
        description="The incoming webhook's address; a read masks it.", metadata=rule(HttpUrl(), secret=True)
    )


if TYPE_CHECKING:
    DiscordSettingsInput: TypeAlias = DiscordSettings
    DiscordSettingsPatch: TypeAlias = DiscordSettings
else:
    DiscordSettingsInput, DiscordSettingsPatch = as_input(DiscordSettings), as_patch(DiscordSettings)
