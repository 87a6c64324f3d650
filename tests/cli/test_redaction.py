"""What is never printed or logged."""

import pytest

from is0k.cli.redaction import redacted
from is0k.schema.api_key import new_key


def test_an_api_key_is_masked_wherever_it_stands() -> None:
    key = new_key()

    assert redacted(f'GET /x {{"key": "{key}"}} and {key}.') == 'GET /x {"key": "is0k_live_••••"} and is0k_live_••••.'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:secret@host:6379/0", "redis://:••••@host:6379/0"),
        ("postgres://me:se:cret@host/db", "postgres://me:••••@host/db"),
        ("postgres://me:p@ss@host/db", "postgres://me:••••@host/db"),
        ("'amqp://me:secret@a' 'amqp://me:secret@b'", "'amqp://me:••••@a' 'amqp://me:••••@b'"),
        ("https://example.com:8000/users/@me", "https://example.com:8000/users/@me"),
        ("https://example.com:8000 mail me@example.com", "https://example.com:8000 mail me@example.com"),
        ('{"url":"http://host:80","mail":"me@host"}', '{"url":"http://host:80","mail":"me@host"}'),
        ("https://me@example.com/", "https://me@example.com/"),
    ],
)
def test_the_password_in_a_url_is_masked_and_nothing_else(text: str, shown: str) -> None:
    assert redacted(text) == shown
