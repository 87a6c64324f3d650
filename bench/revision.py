"""Which program is measured. Rounds of two different ones have no median."""

import hashlib
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
# No part of what runs.
OTHERS = {"tests", "docs", "build", "dist"}


def fingerprint() -> str:
    """Of every module, the bench's own included."""
    found = hashlib.sha256()
    for path in sorted(ROOT.glob("*/**/*.py")) + sorted(ROOT.glob("*.py")):
        place = path.relative_to(ROOT)
        if place.parts[0] not in OTHERS and not place.parts[0].startswith("."):
            found.update(f"{place}\0".encode() + path.read_bytes())
    return found.hexdigest()


def commit() -> str:
    """The commit, with a `+` when what runs differs from it; `unknown` outside of a repository."""
    try:
        number = git("rev-parse", "--short", "HEAD")
        changes = git("status", "--porcelain", "--", ".", ":!bench", ":!tests", ":!docs", ":!*.md")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{number}+" if changes else number


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


class Unchanged:
    """Begins when it is made. `confirm` ends the bench if somebody has changed the program since."""

    def __init__(self) -> None:
        self._begun = fingerprint()

    def confirm(self) -> None:
        if fingerprint() != self._begun:
            raise SystemExit("The program was changed while it was measured. Measure in a clone that nobody edits.")
