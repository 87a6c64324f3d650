"""Settings of an `email` alert channel."""

from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.rules import EmailAddress, rule
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.type(description="Tell an e-mail address: a person's or a distribution list's.")
class EmailSettings:
    address: str = strawberry.field(metadata=rule(EmailAddress()))


if TYPE_CHECKING:
    EmailSettingsInput: TypeAlias = EmailSettings
    EmailSettingsPatch: TypeAlias = EmailSettings
else:
    EmailSettingsInput, EmailSettingsPatch = as_input(EmailSettings), as_patch(EmailSettings)
