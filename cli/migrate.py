from typing import TYPE_CHECKING, Any

from is0k.cli import options
from is0k.cli.environment import read_settings
from is0k.cli.printing import say, say_json

if TYPE_CHECKING:
    from is0k.cli.database import Prepared


def migrate(json: options.Json = False) -> None:
    """Bring the database up to this version.

    A new one also gets an organization, whose password and first API key are printed. `is0k up` does this by itself.

    Example:  is0k migrate
    """
    from is0k.cli import database

    settings = read_settings()
    done = database.prepare(settings)
    if json:
        say_json(_as_json(done))
        return
    say("\n".join(f"Applied {name}." for name in done.applied) or "Nothing to do.")
    if done.welcome:
        say(done.welcome.text(settings.public_url))


def _as_json(done: "Prepared") -> dict[str, Any]:
    made = done.welcome
    first_start = made and {"email": made.email, "password": made.password, "apiKey": made.api_key}
    return {"applied": done.applied, "firstStart": first_start}
