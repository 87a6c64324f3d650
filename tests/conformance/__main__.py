"""`make conformance`: public tools nobody here wrote, on a fresh server, and a table of what they found."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from is0k.tests.conformance.server import Subject, subject
from is0k.tests.conformance.tools import DOCUMENT, TOOLS, Finding, Tool
from is0k.tests.conformance.workshop import HERE, LOGS, Missing

NAMES = [tool.name for tool in TOOLS]
# The tools tell what they find to us, and to nobody else.
ENVIRONMENT = {
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
}
COLOURS = {"passed": "green", "failed": "red", "not run": "yellow"}


@dataclass(frozen=True)
class Row:
    name: str
    version: str
    result: str
    summary: str
    seconds: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="TOOL", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--max-examples", type=int, default=100, help="that schemathesis makes for each operation")
    parser.add_argument("--minutes", type=float, default=30, help="how long one tool may take")
    given = parser.parse_args()
    tools = [tool for tool in TOOLS if not given.only or tool.name in given.only]
    rows = asyncio.run(conformance(tools, given.max_examples, given.minutes * 60))
    show(rows)
    sys.exit(0 if all(row.result == "passed" for row in rows) else 1)


async def conformance(tools: Sequence[Tool], examples: int, seconds: float) -> list[Row]:
    """Ended from outside, it ends the server first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    LOGS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="is0k-conformance-") as folder:
        async with subject(Path(folder)) as target:
            has_document = await fetch_document(target)
            rows = [await row_of(tool, target, examples, seconds, has_document) for tool in tools]
            return [*rows, own_log(target)]


async def fetch_document(target: Subject) -> bool:
    """The linters read a file."""
    async with aiohttp.ClientSession() as session, session.get(target.document) as answer:
        DOCUMENT.write_bytes(await answer.read())
        return answer.status == 200


async def row_of(tool: Tool, target: Subject, examples: int, seconds: float, has_document: bool) -> Row:
    print(f"{tool.name} …", flush=True)
    version, begun = "", time.monotonic()
    try:
        version = tool.version()
        if tool.needs_document and not has_document:
            raise Missing(f"there is no {target.document.removeprefix(target.url)}")
        command = await asyncio.to_thread(tool.command, target, examples)
        finding = await found_by(tool, command, seconds)
    except Missing as reason:
        return Row(tool.name, version, "not run", str(reason))
    return Row(tool.name, version, "passed" if finding.passed else "failed", finding.summary, time.monotonic() - begun)


async def found_by(tool: Tool, command: Sequence[str], seconds: float) -> Finding:
    log = LOGS / f"{tool.name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tool.folder, env=os.environ | ENVIRONMENT, stdout=output, stderr=asyncio.subprocess.STDOUT
        )
        try:
            code = await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            return Finding(False, f"not done within {seconds / 60:g} minutes")
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    try:
        return tool.judge(code, log.read_text(errors="replace"))
    except (ValueError, KeyError):
        return Finding(False, f"exit code {code}, and no result; see {log.name}")


def own_log(target: Subject) -> Row:
    """What the tools cannot see: faults of ours that were answered with INTERNAL_ERROR, or not at all."""
    log = LOGS / "is0k.log"
    text = target.product.log.read_text()
    log.write_text(text)
    faults = [line for line in text.splitlines() if '"level": "error"' in line or '"level":"error"' in line]
    return Row("is0k's own log", "", "failed" if faults else "passed", f"{len(faults)} lines of level error")


def show(rows: Sequence[Row]) -> None:
    table = Table("tool", "version", "result", "found", "seconds", title=f"Logs: {LOGS}")
    for row in rows:
        result = f"[{COLOURS[row.result]}]{row.result}[/]"
        table.add_row(row.name, row.version, result, row.summary, f"{row.seconds:.0f}" if row.seconds else "")
    Console().print(table)


if __name__ == "__main__":
    main()
