import hashlib
import string

from hypothesis import given
from hypothesis import strategies as st

from is0k.schema.api_key import BASE62, MARK, checksum, hash_key, is_well_formed, new_key

KEY = MARK + "0123456789ABCDEFGHIJKLMNOPQRSTUV" + "1ggZdL"

# What a hand, an e-mail or a copy-and-paste may put in the place of a character.
letters = st.sampled_from(BASE62 + "-_ .\n…é")


def test_a_key_is_a_mark_32_random_characters_and_6_of_their_checksum() -> None:
    key = new_key()

    assert key.startswith("is0k_live_")
    assert len(key) == 10 + 32 + 6
    assert set(key[10:]) <= set(string.ascii_letters + string.digits)
    assert is_well_formed(key)


def test_the_checksum_is_the_crc_32_in_base62() -> None:
    number = 0
    for digit in checksum("123456789"):
        number = number * 62 + BASE62.index(digit)

    assert number == 0xCBF43926  # the check value that every description of CRC-32 gives


def test_a_key_of_today_is_well_formed_for_ever() -> None:
    assert is_well_formed(KEY)


@given(st.integers(0, len(KEY) - 1), letters)
def test_a_typo_is_refused(place: int, letter: str) -> None:
    typed = KEY[:place] + letter + KEY[place + 1 :]

    assert is_well_formed(typed) == (typed == KEY)


@given(st.integers(0, len(KEY) - 1), letters)
def test_a_missing_or_a_doubled_character_is_refused(place: int, letter: str) -> None:
    assert not is_well_formed(KEY[:place] + KEY[place + 1 :])
    assert not is_well_formed(KEY[:place] + letter + KEY[place:])


@given(st.integers(0, len(KEY) - 2))
def test_two_characters_in_each_others_place_are_refused(place: int) -> None:
    typed = KEY[:place] + KEY[place + 1] + KEY[place] + KEY[place + 2 :]

    assert is_well_formed(typed) == (typed == KEY)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    assert not is_well_formed(text)
    assert not is_well_formed(MARK + text)


def test_no_two_keys_are_the_same() -> None:
    assert len({new_key() for _ in range(1_000)}) == 1_000


def test_the_stored_hash_is_the_sha_256_of_the_whole_key() -> None:
    assert hash_key(KEY) == hashlib.sha256(KEY.encode()).digest()
