"""The signing secret: made, rotated, and for a day two."""

from dataclasses import replace

from is0k.schema.webhook_settings import OVERLAP_MS, WebhookSecret, WebhookSettings, completed, new_secret, secret_key

NOW = 1_795_435_200_000
WITHOUT = WebhookSettings(url="https://example.com/hook")


def test_a_new_secret_has_32_bytes_and_none_is_made_twice() -> None:
    made = [new_secret() for _ in range(10)]

    assert [len(secret_key(secret)) for secret in made] == [32] * 10
    assert [list(WebhookSecret()(secret)) for secret in made] == [[]] * 10
    assert len(set(made)) == 10


def test_who_gives_none_gets_one_and_who_gives_one_keeps_it() -> None:
    made = completed(WITHOUT, None, NOW)
    assert made.secret is not None
    assert made.signing_secrets(NOW) == [made.secret]

    own = new_secret()
    assert completed(replace(WITHOUT, secret=own), None, NOW) == replace(WITHOUT, secret=own)


def test_the_secret_before_signs_along_for_a_day() -> None:
    first = completed(WITHOUT, None, NOW)

    second = completed(replace(first, secret=None), first, NOW)

    assert second.secret not in (None, first.secret)
    assert second.signing_secrets(NOW) == [second.secret, first.secret]
    assert second.signing_secrets(NOW + OVERLAP_MS - 1) == [second.secret, first.secret]
    assert second.signing_secrets(NOW + OVERLAP_MS) == [second.secret]


def test_another_change_keeps_the_secret_and_what_is_left_of_the_day() -> None:
    first = completed(WITHOUT, None, NOW)
    second = completed(replace(first, secret=None), first, NOW)

    third = completed(replace(second, url="https://example.com/other"), second, NOW + 1)

    assert third == replace(second, url="https://example.com/other")


def test_of_two_rotations_within_a_day_the_last_two_secrets_sign() -> None:
    first = completed(WITHOUT, None, NOW)
    second = completed(replace(first, secret=None), first, NOW)

    third = completed(replace(second, secret=None), second, NOW + 1)

    assert third.signing_secrets(NOW + 1) == [third.secret, second.secret]
