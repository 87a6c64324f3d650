"""`python -m bench [checks] [blackbox] [api]`: measures in rounds, prints one table, writes bench/RESULTS.md."""

import argparse
import asyncio
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from is0k.bench import blackbox, checks, report, target
from is0k.bench.api import HEARTBEAT, MONITORS, ApiRow, Pings
from is0k.bench.blackbox import Blackbox
from is0k.bench.checks import Checks
from is0k.bench.installation import Installation
from is0k.bench.kinds import PROBED, Kind, kind_of
from is0k.bench.revision import Unchanged
from is0k.bench.rows import Figures, Load, Row, Summary, summaries

ROWS = ["blackbox", "checks", "api"]
TYPES = [*PROBED, "heartbeat"]
# As often as it may be: the first look at all of them, which is not measured, takes no longer either.
MONITORS_OF_OTHERS, INTERVAL_OF_OTHERS = 1_500, 5
PINGED_EVERY_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Contest:
    """One type at one load: two rows, and their ratio."""

    kind: Kind
    load: Load

    def ratio(self, rounds: Mapping[str, Sequence[Figures]]) -> Summary:
        """All that a check costs here (schedule, verdict, storage, API at rest) to the rival's probe alone."""
        name = checks.name_of(self.kind.name, self.load)
        ours, rivals = rounds[name], rounds[blackbox.name_of(self.kind.name, self.load)]
        values = [one[checks.COST] / other[blackbox.COST] for one, other in zip(ours, rivals, strict=True)]
        return Summary(name, "CPU per check to that of a probe of blackbox", values)


def main() -> None:
    given = arguments()
    # Told to end, it ends as by Ctrl-C: nothing it has started stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="is0k-bench-") as place, ExitStack() as stack:
        folder = Path(place)
        target.issue(folder)
        contests = []
        for name in (name for name in PROBED if name in given.types):
            port = stack.enter_context(target.running(name, folder)) if name in target.KINDS else None
            contests += [Contest(kind_of(name, port, folder), load) for load in loads(name, given)]
        asyncio.run(bench(given.rows or ROWS, contests, "heartbeat" in given.types, given.rounds, folder))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"which rows; without any, all: {', '.join(ROWS)}")
    parser.add_argument(
        "--types", choices=TYPES, default=TYPES, nargs="+", help="which monitors; default: of all types"
    )
    parser.add_argument("--monitors", type=int, default=[1_000], nargs="+", help="http; several numbers, several rows")
    parser.add_argument("--interval", type=int, default=30, help="http: seconds between the checks of one monitor")
    parser.add_argument("--seconds", type=int, default=180, help="how long the checks are watched in each round")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return given


def loads(name: str, given: argparse.Namespace) -> list[Load]:
    if name == "http":
        return [Load(monitors, given.interval, given.seconds) for monitors in given.monitors]
    return [Load(MONITORS_OF_OTHERS, INTERVAL_OF_OTHERS, given.seconds)]


async def bench(names: Sequence[str], contests: Sequence[Contest], pings: bool, count: int, folder: Path) -> None:
    notes = [f"rival: blackbox_exporter {blackbox.version()}"] if blackbox.is_installed() else [blackbox.NOT_INSTALLED]
    if not blackbox.is_installed():
        names = [name for name in names if name != "blackbox"]
    rows = list(made(names, contests, folder))
    if pings:
        rows.append(Pings(Installation(folder / "pings", lambda _: HEARTBEAT, MONITORS, PINGED_EVERY_SECONDS)))
    rounds = await measure(rows, count)
    found = [summary for name, figures in rounds.items() for summary in summaries(name, figures)]
    if {"blackbox", "checks"} <= set(names):
        found += [contest.ratio(rounds) for contest in contests]
    report.write(found, notes)
    print("\n".join([*notes, report.table(found)]))


def made(names: Sequence[str], contests: Sequence[Contest], folder: Path) -> Iterator[Row]:
    for kind, load in ((contest.kind, contest.load) for contest in contests):
        if "blackbox" in names:
            yield Blackbox(folder, kind, load)
        if "checks" in names:
            place = folder / f"{kind.name}-{load.monitors}"
            yield Checks(
                kind.name, Installation(place, kind.body, load.monitors, load.interval_seconds, kind.settings), load
            )
    if "api" in names and contests:
        body, load = contests[0].kind.body, contests[0].load
        yield ApiRow(Installation(folder / "api", body, MONITORS, load.interval_seconds))


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


if __name__ == "__main__":
    main()
