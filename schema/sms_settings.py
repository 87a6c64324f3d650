"""Settings of an `sms` alert channel."""

from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.rules import Shape, rule
from is0k.schema.typed_settings import as_input, as_patch

ACCOUNT = Shape("AC[0-9a-fA-F]{32}", "Must be a Twilio account SID: AC and 32 hexadecimal digits", "AC" + "0" * 32)
TOKEN = Shape("[0-9A-Za-z]{16,64}", "Must be 16 to 64 letters and digits", "0" * 32)
# E.164: https://www.itu.int/rec/T-REC-E.164
NUMBER = Shape(
    r"\+[1-9][0-9]{6,14}", "Must be a telephone number in international form, such as +4930123456", "+4930123456"
)


@strawberry.type(description="Send a text message through your own Twilio account.")
class SmsSettings:
    account_sid: str = strawberry.field(metadata=rule(ACCOUNT))
    auth_token: str = strawberry.field(description="A read masks it.", metadata=rule(TOKEN, secret=True))
    from_number: str = strawberry.field(description="One of your Twilio numbers.", metadata=rule(NUMBER))
    to_number: str = strawberry.field(metadata=rule(NUMBER))


if TYPE_CHECKING:
    SmsSettingsInput: TypeAlias = SmsSettings
    SmsSettingsPatch: TypeAlias = SmsSettings
else:
    SmsSettingsInput, SmsSettingsPatch = as_input(SmsSettings), as_patch(SmsSettings)
