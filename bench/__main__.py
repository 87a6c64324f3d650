"""`python -m bench [checks] [blackbox] [api]`: measures in rounds, prints one table, writes bench/RESULTS.md."""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from is0k.bench import blackbox, checks, report, target
from is0k.bench.api import MONITORS, ApiRow
from is0k.bench.blackbox import Blackbox
from is0k.bench.checks import Checks
from is0k.bench.installation import Installation
from is0k.bench.revision import Unchanged
from is0k.bench.rows import Figures, Load, Row, Summary, summaries

ROWS = ["blackbox", "checks", "api"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"which rows; without any, all: {', '.join(ROWS)}")
    parser.add_argument("--monitors", type=int, default=[1_000], nargs="+", help="several numbers are several rows")
    parser.add_argument("--interval", type=int, default=30, help="seconds between the checks of one monitor")
    parser.add_argument("--seconds", type=int, default=180, help="how long the checks are watched in each round")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    loads = [Load(monitors, given.interval, given.seconds) for monitors in given.monitors]
    with tempfile.TemporaryDirectory(prefix="is0k-bench-") as folder, target.running() as url:
        asyncio.run(bench(given.rows or ROWS, loads, given.rounds, Path(folder), url))


async def bench(names: Sequence[str], loads: Sequence[Load], count: int, folder: Path, url: str) -> None:
    notes = [f"rival: blackbox_exporter {blackbox.version()}"] if blackbox.is_installed() else [blackbox.NOT_INSTALLED]
    if not blackbox.is_installed():
        names = [name for name in names if name != "blackbox"]
    rounds = await measure(list(made(names, loads, folder, url)), count)
    found = [summary for name, figures in rounds.items() for summary in summaries(name, figures)]
    if {"blackbox", "checks"} <= set(names):
        found += [ratio(rounds, load) for load in loads]
    report.write(found, loads[0].interval_seconds, notes)
    print("\n".join([*notes, report.table(found)]))


def made(names: Sequence[str], loads: Sequence[Load], folder: Path, url: str) -> Iterator[Row]:
    for load in loads:
        if "blackbox" in names:
            yield Blackbox(folder, url, load)
        if "checks" in names:
            installation = Installation(folder / str(load.monitors), url, load.monitors, load.interval_seconds)
            yield Checks(installation, load)
    if "api" in names:
        yield ApiRow(Installation(folder / "api", url, MONITORS, loads[0].interval_seconds))


async def measure(rows: Sequence[Row], count: int) -> dict[str, list[Figures]]:
    """The rows in turn, so that what else happens on the machine meets all of them."""
    program = Unchanged()
    for row in rows:
        print(f"preparing: {row.name}", flush=True)
        await row.prepare()
    rounds: dict[str, list[Figures]] = {row.name: [] for row in rows}
    for number in range(count):
        for row in rows:
            print(f"round {number + 1} of {count}: {row.name}", flush=True)
            rounds[row.name].append(await row.measure())
            program.confirm()
    return rounds


def ratio(rounds: Mapping[str, Sequence[Figures]], load: Load) -> Summary:
    """All that a check costs here (schedule, verdict, storage, API at rest) to the rival's probe alone."""
    ours, rivals = rounds[checks.name_of(load)], rounds[blackbox.name_of(load)]
    values = [one[checks.COST] / other[blackbox.COST] for one, other in zip(ours, rivals, strict=True)]
    return Summary(checks.name_of(load), "CPU per check to that of a probe of blackbox", values)


if __name__ == "__main__":
    main()
