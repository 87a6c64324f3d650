import os
from typing import TYPE_CHECKING

from is0k.cli import options
from is0k.cli.printing import say_json, say_table

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def settings(json: options.Json = False) -> None:
    """List every setting.

    Its name, default and meaning, and where its value comes from now. Each can also be given as NAME_FILE, the path
    of a file that holds it.

    Example:  is0k settings --json
    """
    from is0k.settings import PREFIX, Settings

    # Read from the fields, not from their values: it works with wrong settings, and a secret is never near it.
    rows = [_describe(PREFIX + name.upper(), field) for name, field in Settings.model_fields.items()]
    if json:
        say_json(rows)
    else:
        say_table(["Name", "Default", "Meaning", "Source"], [[row[key] or "" for key in row] for row in rows])


def _describe(name: str, field: "FieldInfo") -> dict[str, str | None]:
    default = field.get_default(call_default_factory=True, validated_data={})
    return {
        "name": name,
        "default": _words(default) if default not in (None, ()) else None,
        "meaning": field.description,
        "source": _source(name),
    }


def _words(default: object) -> str:
    """As people would write it."""
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


def _source(name: str) -> str:
    if os.environ.get(name):
        return "environment"
    return "file" if os.environ.get(f"{name}_FILE") else "default"
