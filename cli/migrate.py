from is0k.cli import options
from is0k.cli.environment import read_settings
from is0k.cli.printing import say, say_json


def migrate(json: options.Json = False) -> None:
    """Bring the database up to this version.

    `is0k up` does it by itself.

    Example:  is0k migrate
    """
    from is0k.cli import database
    from is0k.cli.supervisor import folder

    settings = read_settings()
    folder.make(settings.data_dir)
    applied = database.migrate(settings)
    if json:
        say_json({"applied": applied})
    else:
        say("\n".join(f"Applied {name}" for name in applied) or "Nothing to do.")
