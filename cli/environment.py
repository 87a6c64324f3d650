"""Reading the settings for a command, and saying what is wrong with them in the names people type."""

from pathlib import Path
from typing import TYPE_CHECKING

from is0k.cli.faults import WrongUse

if TYPE_CHECKING:
    from pydantic import ValidationError

    from is0k.settings import Settings


def read_settings(*, data_dir: Path | None = None, region: str | None = None) -> "Settings":
    """What the command line says goes before the environment. Raises WrongUse that names every fault."""
    # Imported here: it takes longer than all of `is0k --help`.
    from pydantic import ValidationError

    from is0k.settings import Settings

    given = {"data_dir": data_dir and data_dir.absolute(), "region": region}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise WrongUse(_explain(error)) from None
    except OSError as error:
        raise WrongUse(f"A setting's file cannot be read: {error.filename}: {error.strerror}") from None


def _explain(error: "ValidationError") -> str:
    from is0k.settings import PREFIX

    # The value is left out: it may be a secret.
    lines = [
        f"  {PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False)
    ]
    return "\n".join(["These settings are not valid:", *lines])
