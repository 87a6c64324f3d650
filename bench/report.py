"""The table, for the terminal and for bench/RESULTS.md."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from is0k.bench.revision import commit
from is0k.bench.rows import Summary

RESULTS = Path(__file__).with_name("RESULTS.md")
LIBRARIES = ["is0k", "aiohttp", "uvloop", "arq", "tortoise-orm", "strawberry-graphql", "starlette", "uvicorn"]


def table(summaries: Sequence[Summary]) -> str:
    lines = ["| row | figure | median | rounds |", "|---|---|---:|---|"]
    for summary in summaries:
        rounds = " · ".join(shown(value) for value in summary.values)
        lines.append(f"| {summary.row} | {summary.figure} | **{shown(summary.median)}** | {rounds} |")
    return "\n".join(lines)


def shown(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:.3g}"


def write(summaries: Sequence[Summary], notes: Sequence[str]) -> None:
    RESULTS.write_text(
        "\n".join(
            [
                "# What was measured",
                "",
                "Written by `make bench`. CPU is user and system time of the processes, so other work on the machine",
                "changes it little; lateness is wall time, and does suffer.",
                "",
                f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}, {machine()}",
                f"- {', '.join(f'{name} {number}' for name, number in versions().items())}",
                "- SQLite, one worker, all on one machine, on loopback",
                "- the rows take turns, round by round; the median of the rounds is in bold",
                *(f"- {note}" for note in notes),
                "",
                table(summaries),
                "",
            ]
        )
    )


def versions() -> dict[str, str]:
    return {"Python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def machine() -> str:
    return f"{os.cpu_count()} cores, {processor()}, {platform.system()} {platform.release().partition('-')[0]}"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
