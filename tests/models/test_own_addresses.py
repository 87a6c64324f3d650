"""Where our own database and Redis are: nobody may watch those."""

import socket

import pytest
from structlog.testing import capture_logs

from is0k.models.own_addresses import own_addresses
from is0k.settings import Settings


class TestOwnAddresses:
    """What no monitor may reach, whatever networks are allowed."""

    def of(self, database_url: str | None, redis_url: str | None) -> set[tuple[str, int]]:
        return set(own_addresses(Settings(database_url=database_url, redis_url=redis_url)))

    @pytest.mark.parametrize(
        ("redis_url", "address"),
        [
            ("redis://127.0.0.1:6380/0", ("127.0.0.1", 6380)),
            ("redis://127.0.0.1", ("127.0.0.1", 6379)),
            ("rediss://user:secret@127.0.0.1:6390/1", ("127.0.0.1", 6390)),
            ("redis://:secret@[::1]:6379", ("::1", 6379)),
            ("redis://localhost:6379", ("127.0.0.1", 6379)),
            ("redis:///0", ("127.0.0.1", 6379)),
        ],
    )
    def test_redis(self, redis_url: str, address: tuple[str, int]) -> None:
        assert address in self.of(None, redis_url)

    @pytest.mark.parametrize(
        ("database_url", "address"),
        [
            ("postgres://user:secret@127.0.0.1/is0k", ("127.0.0.1", 5432)),
            ("postgres://user:se[cr]et@127.0.0.1:5433/is0k", ("127.0.0.1", 5433)),
            ("postgresql://user@[::1]:5432/is0k", ("::1", 5432)),
            ("asyncpg://user@127.0.0.1/is0k", ("127.0.0.1", 5432)),
            ("postgres://user@/is0k?host=127.0.0.1&port=6432", ("127.0.0.1", 6432)),
            ("postgres://user@/is0k", ("127.0.0.1", 5432)),
        ],
    )
    def test_postgres(self, database_url: str, address: tuple[str, int]) -> None:
        assert address in self.of(database_url, "unix:///run/valkey.sock")

    @pytest.mark.parametrize("database_url", [None, "sqlite:///data/is0k.db", "postgres://user@/is0k?host=/run/pg"])
    def test_files_and_unix_sockets_have_none(self, database_url: str | None) -> None:
        assert self.of(database_url, "unix:///run/valkey.sock") == set()

    def test_a_name_that_does_not_resolve_keeps_nobody_from_working(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As that of a container which is not started yet."""

        def unknown(host: str, *_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with capture_logs() as logs:
            assert self.of(None, "redis://valkey:6379/0") == set()
        assert [line["host"] for line in logs] == ["valkey"]
