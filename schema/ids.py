"""Public ids: a prefix that tells the noun, `_`, and a UUIDv7 in 26 characters.

The text form is TypeID 0.3 (https://github.com/jetify-com/typeid/tree/main/spec): Crockford's base32 in lower case,
most significant digit first, so ids sort as text the way they were made in time.
"""

import re
import secrets
import time
from enum import Enum
from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
DIGITS = {letter: value for value, letter in enumerate(ALPHABET)}
LENGTH = 26
# Two digits at a time: lists are full of ids.
PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
SHIFTS = range(120, -1, -10)


class Prefix(Enum):
    MONITOR = "mon"
    ALERT_CHANNEL = "chn"
    STATUS_PAGE = "pag"
    COMPONENT = "cmp"
    INCIDENT = "inc"
    INCIDENT_UPDATE = "upd"
    API_KEY = "key"
    MAINTENANCE_WINDOW = "mnt"
    DELIVERY = "dlv"
    NOTICE = "ntc"
    ORGANIZATION = "org"
    USER = "usr"
    SUBSCRIBER = "sub"


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562 §5.7); its 12 bits of `rand_a` hold the sub-millisecond time (§6.2, method 3)."""
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62))


def encode(prefix: Prefix, value: UUID) -> str:
    number = value.int
    return f"{prefix.value}_{''.join([PAIRS[number >> shift & 1023] for shift in SHIFTS])}"


def prefix_of_noun(noun: str) -> Prefix | None:
    """`AlertChannel`, `alert_channel` and "Alert channel" are ALERT_CHANNEL; None for what has no ids."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|\W+", "_", noun).upper()
    return Prefix[name] if name in Prefix.__members__ else None


def pattern_of(prefix: Prefix) -> str:
    """What an id looks like, as a regular expression."""
    return f"^{prefix.value}_[0-7][{ALPHABET}]{{{LENGTH - 1}}}$"


def sample(prefix: Prefix) -> str:
    """An id for an example, which nothing has."""
    return encode(prefix, UUID("01890a5d-ac96-774b-bcce-b302099a8057"))


def decode(prefix: Prefix, text: str) -> UUID | None:
    """The id behind `text`, or None when `text` cannot be an id of this noun."""
    head, _, tail = text.rpartition("_")
    # 26 digits hold 130 bits: a first digit above 7 would overflow the 128 of a UUID.
    if head != prefix.value or len(tail) != LENGTH or tail[0] > "7":
        return None
    number = 0
    for letter in tail:
        digit = DIGITS.get(letter)
        if digit is None:
            return None
        number = number * 32 + digit
    return UUID(int=number)


def prefix_of(text: str) -> Prefix | None:
    """Which noun an id is of; the rest of it may still be none."""
    head = text.rpartition("_")[0]
    return next((prefix for prefix in Prefix if prefix.value == head), None)
