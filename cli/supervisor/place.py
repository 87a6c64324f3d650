"""What must be free before anything is started: the data folder and the port."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from is0k.cli.supervisor import folder, listener
from is0k.settings import Settings

# What a killed supervisor leaves behind stops by itself within this time, and then lets go of the port.
LEFTOVER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    settings: Settings
    listening: socket.socket

    @property
    def url(self) -> str:
        """Where this machine reaches the API, whatever its public address is."""
        return listener.http_url(self.listening)


@contextmanager
def occupied(settings: Settings, host: str, port: int) -> Iterator[Place]:
    """Holds both. Raises Failure that says which of them is not free."""
    with folder.locked(settings.data_dir) as was_left:
        patience_seconds = LEFTOVER_SECONDS if was_left else 0.0
        with closing(listener.listen(host, port, patience_seconds)) as listening:
            yield Place(_complete(settings, listening), listening)


def _complete(settings: Settings, listening: socket.socket) -> Settings:
    # Programs started with other folders under their feet must find the same data.
    known = {"data_dir": settings.data_dir.absolute()}
    if "public_url" in settings.model_fields_set:
        return settings.model_copy(update=known)
    return settings.model_copy(update=known | {"public_url": listener.http_url(listening)})
