"""API keys: what they look like, and what people see of them.

`is0k_live_` + 32 base62 characters (190 bits) + 6 of their CRC-32, so that a typo is refused without a query, the way
GitHub's tokens are made (https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/). Only the
SHA-256 is stored: with this much entropy a slow hash would protect nothing.
"""

import hashlib
import secrets
import zlib
from datetime import datetime

import strawberry

from is0k.schema.enums import Scope
from is0k.schema.rules import Range, Text, rule

MARK = "is0k_live_"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_LENGTH, CHECKSUM_LENGTH = 32, 6


def new_key() -> str:
    secret = "".join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH))
    return MARK + secret + checksum(secret)


def checksum(secret: str) -> str:
    number, letters = zlib.crc32(secret.encode()), []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, 62)
        letters.append(BASE62[digit])
    return "".join(reversed(letters))


def is_well_formed(key: str) -> bool:
    secret, tail = key[len(MARK) : -CHECKSUM_LENGTH], key[-CHECKSUM_LENGTH:]
    is_whole = key.startswith(MARK) and len(secret) == SECRET_LENGTH and key.isascii()
    return is_whole and secrets.compare_digest(checksum(secret), tail)


def hash_key(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


@strawberry.type(description="What is shown of an API key: never the key itself.")
class ApiKey:
    id: strawberry.ID
    name: str
    scope: Scope
    hint: str = strawberry.field(description="The beginning and the last four characters: is0k_live_Ab…x9Zk.")
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


@strawberry.type(description="An API key and its secret, which is shown this once.")
class NewApiKey:
    api_key: ApiKey
    key: str


@strawberry.input
class CreateApiKeyInput:
    name: str = strawberry.field(metadata=rule(Text(1, 100)))
    scope: Scope = Scope.READ
    expires_in_days: int | None = strawberry.field(default=None, metadata=rule(Range(1, 3650, " days")))
