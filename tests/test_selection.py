"""The run on PostgreSQL leaves out what touches no database, and nothing else; and no worker is idle at the end."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from is0k.tests.stage.selection import for_database, longest_first

TESTS = Path(__file__).parent
DYNAMIC = re.compile(r"getfixturevalue\(([^)]*)\)")


class Item:
    def __init__(self, file: str, *fixtures: str, timeout: float | None = None, processes: bool = False) -> None:
        self.path, self.fixturenames = Path(file), fixtures
        self.markers = {"timeout": SimpleNamespace(args=(timeout,)) if timeout else None, "processes": processes}

    def get_closest_marker(self, name: str) -> Any:
        return self.markers[name] or None


def items(*given: Item) -> list[pytest.Item]:
    return [cast(pytest.Item, item) for item in given]


def test_everything_runs_on_sqlite() -> None:
    both = items(Item("a", "clock"), Item("b", "ctx", "settings", "postgres"))

    assert for_database(both, "sqlite") == (both, [])


def test_on_postgresql_only_what_touches_no_database_is_left_out() -> None:
    pure, stored = items(Item("a", "clock"), Item("b", "ctx", "settings", "postgres"))

    assert for_database([pure, stored], "postgres") == ([stored], [pure])


@pytest.mark.parametrize("fixture", ["template", "settings", "open_database", "ctx", "stranger", "app", "api"])
def test_every_way_to_the_database_is_seen(fixture: str, request: pytest.FixtureRequest) -> None:
    """By pytest itself, as it works out which fixtures each test needs."""
    found = request._fixturemanager.getfixtureclosure(request.node, (fixture,), set())[0]

    assert "postgres" in found


def test_what_a_test_asks_for_while_it_runs_leads_to_no_database_it_does_not_name() -> None:
    found = {
        (path.relative_to(TESTS).as_posix(), asked)
        for path in TESTS.rglob("*.py")
        for asked in DYNAMIC.findall(path.read_text())
        if path != Path(__file__)
    }

    assert found == {
        ("conftest.py", '"valkey"'),
        ("jobs/test_worker.py", "request.param"),  # each of its tests has `live` too
        ("resolvers/test_rate_limit_laws.py", '"valkey"'),
    }


def test_files_that_may_take_long_begin_first_and_stay_whole() -> None:
    small, many, other = Item("small"), Item("many"), Item("many")
    waits, killer = Item("waits", timeout=240), Item("killer", processes=True)
    begun = items(small, many, waits, other, killer)

    assert longest_first(begun) == items(waits, killer, many, other, small)
