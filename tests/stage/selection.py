"""Which tests a run has, and in which order their files begin."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

DATABASE = "postgres"  # the fixture everything comes from that reaches the database of the session


def touches_database(fixtures: Sequence[str]) -> bool:
    """That of the session. Directly, or by way of another fixture: a test's list has those too."""
    return DATABASE in fixtures


def for_database(items: list[pytest.Item], database: str) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """What to run and what to leave out: what does not touch it is the same on every kind, once is enough.

    A test may have a database of its own making, as the demo has: that too is the same on every kind.
    """
    if database == "sqlite":
        return items, []
    run, left_out = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        (run if touches_database(getattr(item, "fixturenames", ())) else left_out).append(item)
    return run, left_out


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """A worker takes a whole file: one that waits for minutes must not begin when the other workers have ended.

    A file may take as long as its tests say with `timeout`; then those with processes come, then those with many tests.
    """
    longest, processes, count = Counter[Path](), Counter[Path](), Counter[Path]()
    for item in items:
        limit = item.get_closest_marker("timeout")
        longest[item.path] = max(longest[item.path], int(limit.args[0]) if limit else 0)
        processes[item.path] += item.get_closest_marker("processes") is not None
        count[item.path] += 1
    return sorted(
        items,
        key=lambda item: (-longest[item.path], not processes[item.path], -count[item.path], str(item.path)),
    )
