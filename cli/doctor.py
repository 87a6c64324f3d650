from typing import TYPE_CHECKING, Any

from is0k.cli import options
from is0k.cli.environment import read_settings
from is0k.cli.faults import ToldFailure
from is0k.cli.printing import say, say_json

if TYPE_CHECKING:
    from is0k.cli.checkup.findings import Finding


def doctor(json: options.Json = False) -> None:
    """Look for what is wrong here.

    Rights, limits, disk, names, database, Redis, clock, workers: a line for each, and what to do about it. Changes
    nothing. Exit code 1 if there is a fault.

    Example:  is0k doctor --json
    """
    import asyncio

    from is0k.cli.checkup.examination import examine
    from is0k.cli.checkup.findings import Level, Surroundings
    from is0k.cli.redaction import redacted

    findings = asyncio.run(examine(Surroundings(read_settings())))
    if json:
        say_json([_as_json(finding) for finding in findings])
    else:
        say("\n".join(redacted(_line(finding)) for finding in findings))
    if any(finding.level is Level.FAULT for finding in findings):
        raise ToldFailure


def _line(finding: "Finding") -> str:
    remedy = f" To mend it: {finding.remedy}" if finding.remedy else ""
    return f"{finding.level.value:<8} {finding.name}: {finding.message}{remedy}"


def _as_json(finding: "Finding") -> dict[str, Any]:
    from is0k.cli.redaction import redacted

    return {
        "name": finding.name,
        "level": finding.level.value,
        "message": redacted(finding.message),
        "remedy": finding.remedy,
    }
