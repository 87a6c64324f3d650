"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every network of this machine.")]
Port = Annotated[int, typer.Option(help="The port to listen on; 0 lets the system choose.", min=0, max=65535)]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept, instead of IS0K_DATA_DIR.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
# Something that is already open, inherited from the supervisor.
Descriptor = Annotated[int | None, typer.Option(hidden=True)]
