import pytest

from is0k.tests.stage.postgres import Postgres


@pytest.fixture
def on_sqlite(postgres: Postgres | None) -> None:
    if postgres:
        pytest.skip("this session runs on PostgreSQL")


@pytest.fixture
def on_postgres(postgres: Postgres | None) -> None:
    if not postgres:
        pytest.skip("this session runs on SQLite")
