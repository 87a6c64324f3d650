"""What is measured, and how figures of several rounds become one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

# A figure's name, unit included, and its value in one round.
Figures = Mapping[str, float]


class Row(Protocol):
    """One subject of the bench, made ready once and measured in each round."""

    @property
    def name(self) -> str: ...

    async def prepare(self) -> None: ...

    async def measure(self) -> Figures: ...


@dataclass(frozen=True, slots=True)
class Load:
    """So many monitors, each looked at once in an interval; watched for `seconds` in a round."""

    monitors: int
    interval_seconds: int
    seconds: int

    @property
    def checks_per_second(self) -> float:
        return self.monitors / self.interval_seconds


@dataclass(frozen=True, slots=True)
class Summary:
    row: str
    figure: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.values)


def summaries(row: str, rounds: Sequence[Figures]) -> list[Summary]:
    return [Summary(row, figure, [figures[figure] for figures in rounds]) for figure in rounds[0]]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
