"""Settings of a `telegram` alert channel."""

from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.rules import Shape, rule
from is0k.schema.typed_settings import as_input, as_patch

TOKEN_EXAMPLE, CHAT_EXAMPLE = "123456789:" + "A" * 35, "-1001234567890"
TOKEN = Shape(
    "[0-9]{5,16}:[A-Za-z0-9_-]{30,64}",
    "Must be a bot token as @BotFather gives it: 123456789:AbC…",
    "123456789:" + "A" * 35,
)
CHAT = Shape(
    "-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}",
    "Must be the number of a chat or the @name of a channel",
    "-1001234567890",
)


@strawberry.type(description="Tell a Telegram chat through your own bot.")
class TelegramSettings:
    bot_token: str = strawberry.field(
        description="As @BotFather gives it; a read masks it.", metadata=rule(TOKEN, secret=True)
    )
    chat_id: str = strawberry.field(
        description="The number of a chat (groups begin with a minus) or the @name of a channel.", metadata=rule(CHAT)
    )


if TYPE_CHECKING:
    TelegramSettingsInput: TypeAlias = TelegramSettings
    TelegramSettingsPatch: TypeAlias = TelegramSettings
else:
    TelegramSettingsInput, TelegramSettingsPatch = as_input(TelegramSettings), as_patch(TelegramSettings)
