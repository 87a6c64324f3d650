"""The command line. Commands import what they need when they run: `is0k --help` must not load the database."""

import sys

from is0k.cli.faults import Failure, ToldFailure
from is0k.cli.redaction import redacted
from is0k.cli.supervisor import tether


def main() -> None:
    tether.hold()
    from is0k.cli.commands import app

    try:
        app(prog_name="is0k")
    except Failure as failure:
        if not isinstance(failure, ToldFailure):
            print(redacted(f"error: {failure}"), file=sys.stderr)
        sys.exit(failure.exit_code)
