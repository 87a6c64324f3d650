import platform

import typer

from is0k.cli import options
from is0k.cli.printing import say, say_json


def version(json: options.Json = False) -> None:
    """Show the version.

    Example:  is0k version --json
    """
    if json:
        say_json({"version": current(), "python": platform.python_version(), "system": platform.platform()})
    else:
        say(f"is0k {current()}")


def show_and_exit(asked: bool) -> None:
    if asked:
        say(f"is0k {current()}")
        raise typer.Exit


def current() -> str:
    # Settings take their time to load, and `--help` should not.
    from is0k.settings import program_version

    return program_version()
