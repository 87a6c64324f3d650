"""Settings of a `slack` alert channel."""

from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.rules import HttpUrl, rule
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.type(description="Tell a Slack channel, or any receiver of Slack's messages such as Mattermost.")
class SlackSettings:
    # Whoever knows the address may post: it is a credential.
    webhook_url: str = strawberry.field(
        description="The incoming webhook's address; a read masks it.", metadata=rule(HttpUrl(), secret=True)
    )


if TYPE_CHECKING:
    SlackSettingsInput: TypeAlias = SlackSettings
    SlackSettingsPatch: TypeAlias = SlackSettings
else:
    SlackSettingsInput, SlackSettingsPatch = as_input(SlackSettings), as_patch(SlackSettings)
