"""The data folder: made when it is missing, and used by one supervisor at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from is0k.cli.faults import Failure

LOCK = "is0k.lock"


def make(data_dir: Path) -> None:
    """Raises Failure when nothing can be written there."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Asking the rights is not enough: the file system itself may be read-only.
        probe = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Failure(
            f"The data folder {data_dir} cannot be written: {error.strerror}. "
            "Choose another one with --data-dir or IS0K_DATA_DIR."
        ) from None
    os.close(probe)


@contextmanager
def locked(data_dir: Path) -> Iterator[bool]:
    """Holds the folder. Yields whether the supervisor before this one ended without letting go of it."""
    make(data_dir)
    with (data_dir / LOCK).open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = lock.read().strip() or "unknown"
            raise Failure(
                f"The data folder {data_dir} is in use by another is0k, process {owner}. "
                "Stop that one, or choose another folder with --data-dir."
            ) from None
        was_left = bool(lock.read())
        _write(lock.fileno(), str(os.getpid()))
        try:
            yield was_left
        finally:
            _write(lock.fileno(), "")


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
