"""`python -m bench [checks] [blackbox] [api]`: measures in rounds, prints one table, writes bench/RESULTS.md."""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from is0k.bench import report, target
from is0k.bench.api import MONITORS, ApiRow
from is0k.bench.blackbox import Blackbox
from is0k.bench.checks import Checks
from is0k.bench.installation import Installation
from is0k.bench.rows import Figures, Options, Row, Summary, summaries

ROWS = ["blackbox", "checks", "api"]
COST, RIVALS_COST = "CPU per check, all, ms", "CPU per probe, ms"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"which rows; without any, all: {', '.join(ROWS)}")
    parser.add_argument("--monitors", type=int, default=1_000)
    parser.add_argument("--interval", type=int, default=30, help="seconds between the checks of one monitor")
    parser.add_argument("--seconds", type=int, default=180, help="how long the checks are watched in each round")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    options = Options(given.monitors, given.interval, given.seconds, given.rounds)
    with tempfile.TemporaryDirectory(prefix="is0k-bench-") as folder, target.running() as url:
        asyncio.run(bench(given.rows or ROWS, options, Path(folder), url))


async def bench(names: Sequence[str], options: Options, folder: Path, url: str) -> None:
    notes, rivals = [], {}
    if "blackbox" in names and not Blackbox.is_installed():
        notes.append("prometheus-blackbox-exporter is not installed: its row is left out")
        names = [name for name in names if name != "blackbox"]
    elif "blackbox" in names:
        rivals["blackbox_exporter"] = Blackbox.version()
    rounds = await measure([made(name, options, folder, url) for name in names], options.rounds)
    found = [summary for name, figures in rounds.items() for summary in summaries(name, figures)]
    found += ratio(found)
    report.write(found, options, rivals, notes)
    print("\n".join([*notes, report.table(found)]))


def made(name: str, options: Options, folder: Path, url: str) -> Row:
    if name == "blackbox":
        return Blackbox(folder, url, options)
    if name == "checks":
        return Checks(Installation(folder / name, url, options.monitors, options.interval_seconds), options)
    return ApiRow(Installation(folder / name, url, MONITORS, options.interval_seconds))


async def measure(rows: Sequence[Row], count: int) -> dict[str, list[Figures]]:
    """The rows in turn, so that what else happens on the machine meets all of them."""
    for row in rows:
        print(f"preparing {row.name}", flush=True)
        await row.prepare()
    rounds: dict[str, list[Figures]] = {row.name: [] for row in rows}
    for number in range(count):
        for row in rows:
            print(f"round {number + 1} of {count}: {row.name}", flush=True)
            rounds[row.name].append(await row.measure())
    return rounds


def ratio(found: Sequence[Summary]) -> list[Summary]:
    """All a check costs here (schedule, verdict, storage, API at rest) to the rival's probe alone, round by round."""
    values = {summary.figure: summary.values for summary in found}
    if COST not in values or RIVALS_COST not in values:
        return []
    return [
        Summary("checks", "CPU to blackbox", [a / b for a, b in zip(values[COST], values[RIVALS_COST], strict=True)])
    ]


if __name__ == "__main__":
    main()
