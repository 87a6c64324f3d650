"""What commands print: data on stdout, as a table for people or JSON for programs; talk on stderr."""

import json
import os
import sys
from collections.abc import Sequence
from typing import IO

WIDTH_OF_A_PIPE = 250


def say(text: str) -> None:
    """Data, line by line. A reader that went away (`is0k up | head -1`) is no reason to stop."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        silence(sys.stdout)


def talk(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def say_json(data: object) -> None:
    say(json.dumps(data, indent=2, ensure_ascii=False))


def say_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    # Folded, never cut: an id that ends in … cannot be copied.
    table = Table(*(Column(title, overflow="fold") for title in titles), box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    # In a pipe there is no window to fit into. Markup and emoji would be read out of what people have typed.
    width = None if sys.stdout.isatty() else WIDTH_OF_A_PIPE
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def silence(stream: IO[str]) -> None:
    """Sends what is still written to the stream nowhere, the text in its buffer included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
