"""Settings of an `apprise` alert channel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry

from is0k.schema.faults import Fault
from is0k.schema.rules import Text, rule
from is0k.schema.typed_settings import as_input, as_patch

# Services with a host of their own. Apprise opens its connections itself, past our guard: a scheme that lets the URL
# name the host (json, xml, form, gotify, matrix …) or read a file would reach what no channel may.
SCHEMES = frozenset(
    [
        "clicksend",
        "dingtalk",
        "feishu",
        "flock",
        "gchat",
        "ifttt",
        "join",
        "lark",
        "line",
        "msgbird",
        "notica",
        "onesignal",
        "opsgenie",
        "pagerduty",
        "pagertree",
        "pbul",
        "plivo",
        "pover",
        "prowl",
        "psafer",
        "pushed",
        "pushy",
        "signl4",
        "simplepush",
        "sinch",
        "splunk",
        "spugpush",
        "threema",
        "twilio",
        "twist",
        "victorops",
        "vonage",
        "webex",
        "wecombot",
        "whatsapp",
        "workflow",
        "wxteams",
        "zulip",
    ]
)


@dataclass(frozen=True, slots=True)
class AppriseUrl:
    def json_schema(self) -> dict[str, Any]:
        pattern = f"^({'|'.join(sorted(SCHEMES))})://"
        return {"minLength": 1, "maxLength": 2048, "pattern": pattern, "examples": ["pover://user@token"]}

    def __call__(self, value: str) -> Iterator[Fault]:
        yield from Text(1, 2048)(value)
        scheme, separator, _ = value.partition("://")
        if not separator or scheme not in SCHEMES:
            yield Fault((), "BAD_URL", f"Must be an Apprise URL of one of: {', '.join(sorted(SCHEMES))}")


@strawberry.type(description="Tell any of the services Apprise knows. Only where the operator has enabled it.")
class AppriseSettings:
    url: str = strawberry.field(
        description="As https://github.com/caronc/apprise describes it; a read masks it.",
        metadata=rule(AppriseUrl(), secret=True),
    )


if TYPE_CHECKING:
    AppriseSettingsInput: TypeAlias = AppriseSettings
    AppriseSettingsPatch: TypeAlias = AppriseSettings
else:
    AppriseSettingsInput, AppriseSettingsPatch = as_input(AppriseSettings), as_patch(AppriseSettings)
