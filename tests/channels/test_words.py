"""What providers say, made fit to be stored and shown."""

from typing import Any

import pytest

from is0k.channels.words import MAX_WORDS, shown
from is0k.schema.scalars import StringMap
from is0k.schema.slack_settings import SlackSettings
from is0k.schema.telegram_settings import TelegramSettings
from is0k.schema.webhook_settings import WebhookSettings

SLACK = SlackSettings(webhook_url="https://hooks.slack.com/services/T00000000/B00000000/abcDEF123456")
HOOK = WebhookSettings(
    url="https://example.com/hook",
    headers=StringMap({"Authorization": "Bearer abcdefghijkl", "Accept": "text/plain", "X-On": "1"}),
    secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    previous_secret="whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
)


@pytest.mark.parametrize(
    ("settings", "said", "told"),
    [
        (SLACK, "no_service", "no_service"),
        (SLACK, SLACK.webhook_url, "https://hooks.slack.com/…"),
        (SLACK, "Cannot POST /services/T00000000/B00000000/abcDEF123456", "Cannot POST /services/••••/••••/••••"),
        (HOOK, f"{HOOK.secret} {HOOK.previous_secret}", "•••• ••••"),
        (HOOK, "authorization: Bearer abcdefghijkl, x-on: 1", "authorization: ••••, x-on: 1"),
        (HOOK, "bad token abcdefghijkl", "bad token ••••"),
        (HOOK, "accept: text/plain", "accept: text/plain"),
        (TelegramSettings(bot_token="123456789:" + "a" * 35, chat_id="1"), "bot123456789:" + "a" * 35, "bot••••"),
        (HOOK, "see https://other.example/?token=1 for more", "see https://other.example/… for more"),
        (HOOK, "at https://me:password@other.example", "at https://other.example/…"),
        (HOOK, " two\r\nlines\0", "two lines"),
        (HOOK, "half \ud800", "half ?"),
    ],
)
def test_credentials_and_what_could_be_one_are_left_out(settings: Any, said: str, told: str) -> None:
    assert shown(said, settings) == told


@pytest.mark.parametrize("length", [4, 12, 37])
def test_the_beginning_of_a_credential_at_the_end_of_an_answer_is_left_out_too(length: int) -> None:
    assert HOOK.secret is not None

    assert shown(f"you sent {HOOK.secret[:length]}", HOOK) == "you sent ••••"


def test_long_answers_are_cut() -> None:
    assert shown("x" * 5_000, HOOK) == "x" * MAX_WORDS
