import platform

import typer

from is0k.cli import options
from is0k.cli.printing import say, say_json
from is0k.settings import program_version


def version(json: options.Json = False) -> None:
    """Show the version.

    Example:  is0k version --json
    """
    if json:
        say_json({"version": program_version(), "python": platform.python_version(), "system": platform.platform()})
    else:
        say(f"is0k {program_version()}")


def show_and_exit(asked: bool) -> None:
    if asked:
        say(f"is0k {program_version()}")
        raise typer.Exit
