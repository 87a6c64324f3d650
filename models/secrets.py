"""Credentials at rest: encrypted with Fernet, under a key that is not in the database.

Several keys may be given: the first encrypts and all decrypt, so a key can be changed without losing what is stored.
"""

import fcntl
import os
from pathlib import Path
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from tortoise.fields import TextField
from tortoise.models import Model

KEY_FILE = "secret.key"


class SecretKeyError(Exception):
    """The secret key is missing, malformed, or not the one the data was encrypted with."""


class Vault:
    """Encrypts and decrypts what the process stores. Locked until `unlock`, so that nothing is stored in the clear."""

    def __init__(self) -> None:
        self._fernet: MultiFernet | None = None
        self.times_unlocked = 0  # what was read under other keys must not be taken for what these can read

    def unlock(self, keys: str) -> None:
        """`keys`: one or more Fernet keys, separated by commas."""
        try:
            self.times_unlocked += 1
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError as error:
            message = "IS0K_SECRET_KEY must be 32 bytes in URL-safe base64 (44 characters), or several with commas"
            raise SecretKeyError(message) from error

    def encrypt(self, value: Any) -> str:
        return self._open().encrypt(orjson.dumps(value)).decode()

    def decrypt(self, text: str) -> Any:
        try:
            return orjson.loads(self._open().decrypt(text))
        except InvalidToken as error:
            message = "What is stored was encrypted under another secret key; give the old one too: NEW,OLD"
            raise SecretKeyError(message) from error

    def _open(self) -> MultiFernet:
        if self._fernet is None:
            raise SecretKeyError("The vault is locked: connect() has not been called")
        return self._fernet


vault = Vault()


class EncryptedField(TextField):
    """A JSON value, encrypted in its column; an empty one is stored as NULL. Give it null=True."""

    def to_db_value(self, value: Any, instance: "type[Model] | Model") -> str | None:
        return vault.encrypt(value) if value else None

    def to_python_value(self, value: Any) -> Any:
        return vault.decrypt(value) if isinstance(value, str) else value or {}


def ensure_key(data_dir: Path) -> str:
    """The generated key of this data folder; made on the first call, readable by its owner only."""
    path = data_dir / KEY_FILE
    if path.exists() and (key := path.read_text().strip()):
        return key
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        # Of several processes that start at once the first writes; the others wait here and read what it wrote.
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (key := file.read().strip()):
            key = Fernet.generate_key().decode()
            file.write(key + "\n")
    return key
