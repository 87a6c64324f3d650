"""What the settings of each type of alert channel may be."""

from typing import Any

import pytest

from is0k.schema.alert_channel import SETTINGS, CreateAlertChannelInput, default_events
from is0k.schema.coercion import Flat, flattened, read
from is0k.schema.enums import ChannelEvent, ChannelType
from is0k.schema.errors import ValidationFailed
from is0k.schema.typed_settings import build, dump, load, masked
from is0k.tests.stage.channels import GOOD, SECRET, TOKEN


def parsed(type: str, **fields: Any) -> CreateAlertChannelInput:
    body = {"name": "Ops", "type": type, **fields}
    try:
        found: CreateAlertChannelInput = read(CreateAlertChannelInput, body, Flat(ChannelType))
    except ValidationFailed as error:
        raise flattened(error) from error
    return found


def refusals(type: str, **fields: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refused:
        parsed(type, **{**GOOD[type], **fields})
    return {".".join(fault.field): fault.code for fault in refused.value.faults}


@pytest.mark.parametrize("type", ChannelType)
def test_each_type_takes_its_settings_and_gives_them_back_from_the_store(type: ChannelType) -> None:
    given = getattr(parsed(type.value, **GOOD[type.value]).settings, type.value)

    settings = build(SETTINGS[type], given)
    open_part, secrets = dump(settings)

    assert load(SETTINGS[type], open_part | secrets) == settings


@pytest.mark.parametrize(
    ("type", "secrets"),
    [
        ("email", set()),
        ("slack", {"webhook_url"}),
        ("discord", {"webhook_url"}),
        ("telegram", {"bot_token"}),
        ("webhook", {"headers", "secret"}),
        ("sms", {"auth_token"}),
        ("apprise", {"url"}),
    ],
)
def test_credentials_are_stored_apart_and_masked(type: str, secrets: set[str]) -> None:
    settings = build(SETTINGS[ChannelType(type)], getattr(parsed(type, **GOOD[type]).settings, type))

    shown = vars(masked(settings))

    assert set(dump(settings)[1]) == secrets
    assert {name for name, value in shown.items() if "••••" in str(value)} == secrets


@pytest.mark.parametrize(
    ("type", "field", "value", "code"),
    [
        ("email", "address", "ops", "BAD_EMAIL_ADDRESS"),
        ("email", "address", "ops@example.com, spy@example.com", "BAD_EMAIL_ADDRESS"),
        ("email", "address", "ops@example.com\r\nBcc: spy@example.com", "BAD_EMAIL_ADDRESS"),
        ("slack", "webhookUrl", "ftp://hooks.slack.com", "BAD_URL"),
        ("slack", "webhookUrl", "••••XXXX", "BAD_URL"),
        ("discord", "webhookUrl", "discord", "BAD_URL"),
        ("telegram", "botToken", "token", "BAD_SHAPE"),
        ("telegram", "botToken", TOKEN + "\n", "BAD_SHAPE"),
        ("telegram", "chatId", "a group", "BAD_SHAPE"),
        ("webhook", "url", "file:///etc/passwd", "BAD_URL"),
        ("webhook", "secret", "whsec_c2hvcnQ=", "BAD_SECRET"),
        ("webhook", "secret", "whsec_" + "A" * 100, "BAD_SECRET"),
        ("webhook", "secret", "whsec_not base64!", "BAD_SECRET"),
        ("webhook", "secret", SECRET.removeprefix("whsec_"), "BAD_SECRET"),
        ("sms", "accountSid", "AC1", "BAD_SHAPE"),
        ("sms", "authToken", "••••0000", "BAD_SHAPE"),
        ("sms", "fromNumber", "030 123456", "BAD_SHAPE"),
        ("sms", "toNumber", "+0123456", "BAD_SHAPE"),
        ("apprise", "url", "json://10.0.0.1/", "BAD_URL"),
        ("apprise", "url", "xml://10.0.0.1/", "BAD_URL"),
        ("apprise", "url", "form://10.0.0.1/", "BAD_URL"),
        ("apprise", "url", "file:///etc/passwd", "BAD_URL"),
        ("apprise", "url", "POVER://user@token", "BAD_URL"),
        ("apprise", "url", "pover", "BAD_URL"),
    ],
)
def test_what_cannot_be_is_refused_under_its_name(type: str, field: str, value: str, code: str) -> None:
    assert refusals(type, **{field: value}) == {field: code}


def test_a_webhook_keeps_its_own_headers_to_itself() -> None:
    headers = {"Webhook-Signature": "v1,x", "content-type": "text/plain", "X-A": "b"}

    assert refusals("webhook", headers=headers) == {
        "headers.Webhook-Signature": "BAD_HEADER_NAME",
        "headers.content-type": "BAD_HEADER_NAME",
    }


def test_addresses_of_a_private_network_are_good() -> None:
    for address in ("ops@office.local", "ops@office.lan", "ops@mail"):
        parsed("email", address=address)


def test_every_event_but_degraded_is_told_unless_somebody_says_otherwise() -> None:
    assert default_events() == [event for event in ChannelEvent if event is not ChannelEvent.DEGRADED]
    assert parsed("email", **GOOD["email"]).events == default_events()


@pytest.mark.parametrize(
    ("events", "faults"),
    [
        ([], {"events": "EMPTY"}),
        (["down", "up", "down"], {"events.2": "DUPLICATE"}),
        (["down", "sideways"], {"events.1": "INVALID_VALUE"}),
    ],
)
def test_events_are_some_of_those_there_are_and_none_twice(events: list[str], faults: dict[str, str]) -> None:
    assert refusals("email", events=events) == faults


def test_all_faults_are_told_at_once() -> None:
    assert refusals("sms", name="", authToken="x", toNumber="1", colour="red") == {
        "name": "BAD_LENGTH",
        "authToken": "BAD_SHAPE",
        "toNumber": "BAD_SHAPE",
        "colour": "UNKNOWN_FIELD",
    }
