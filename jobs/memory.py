"""How the views of a monitor, and when it flipped, are kept in one column."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from is0k.jobs.telling import Told
from is0k.jobs.verdict import View
from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

CHECK_STATUS = {status.value: status for status in CheckStatus}
REASON = {reason.value: reason for reason in Reason}
LONGEST_MESSAGE = 300


def remember(views: Mapping[str, View], told: Told, regions: Collection[str]) -> str:
    """Regions that are no longer asked are forgotten. What several say is kept in words, to be told together."""
    kept = {place: _plain(view, len(regions) > 1) for place, view in views.items() if place in regions or not regions}
    return orjson.dumps([kept, told.flips, told.is_down, told.is_flapping]).decode()


def recall(memory: str | None, told: MonitorStatus) -> tuple[dict[str, View], Told]:
    if not memory:
        return {}, Told(told, is_down=told is MonitorStatus.DOWN)
    views, flips, is_down, is_flapping = orjson.loads(memory)
    return {place: _view(kept) for place, kept in views.items()}, Told(told, tuple(flips), is_down, is_flapping)


def _plain(view: View, has_words: bool) -> list[Any]:
    run_of = view.run_of.value if view.run_of else None
    plain = [view.last_tick, run_of, view.run_length, view.run_since, view.is_blind]
    if has_words and view.message:
        plain += [view.reason.value, view.message[:LONGEST_MESSAGE]]
    return plain


def _view(kept: list[Any]) -> View:
    last_tick, run_of, run_length, run_since, is_blind, *words = kept
    reason, message = (REASON[words[0]], words[1]) if words else (Reason.OK, None)
    return View(last_tick, CHECK_STATUS.get(run_of), run_length, run_since, is_blind, reason, message)
