"""API keys, for whoever may use this machine: no key is needed to make the next one."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from is0k.cli import options
from is0k.cli.environment import read_settings
from is0k.cli.printing import say, say_json, say_table, talk

if TYPE_CHECKING:
    from is0k.schema import ApiKey

app = typer.Typer(help="Make, list and delete API keys.", no_args_is_help=True)


class ScopeName(Enum):
    """The words of schema.Scope, known here before the schema is loaded."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[ScopeName, typer.Option(help="What it may do; each includes those before it.")] = ScopeName.READ,
    expires_days: Annotated[int | None, typer.Option(help="Days until it is refused; without this, never.")] = None,
    json: options.Json = False,
) -> None:
    """Make an API key.

    The key alone goes to stdout. It is not stored, so it cannot be shown again.

    Example:  is0k key create --name deploy --scope write > deploy.key
    """
    from is0k.cli import database
    from is0k.resolvers.api_keys import create_api_key
    from is0k.schema import CreateApiKeyInput
    from is0k.schema.enums import Scope

    wanted = CreateApiKeyInput(name=name, scope=Scope(scope.value), expires_in_days=expires_days)
    made = database.as_operator(read_settings(), lambda ctx: create_api_key(ctx, wanted))
    if json:
        say_json(_as_json(made.api_key) | {"key": made.key})
    else:
        talk(f"Made {made.api_key.id} with the scope '{scope.value}'. The key is shown this once:")
        say(made.key)


@app.command(name="list")
def list_keys(json: options.Json = False) -> None:
    """List the API keys.

    Example:  is0k key list
    """
    from is0k.cli import database
    from is0k.resolvers.api_keys import list_api_keys

    keys = [_as_json(key) for key in database.as_operator(read_settings(), list_api_keys)]
    if json:
        say_json(keys)
    else:
        say_table(["Id", "Name", "Scope", "Key", "Expires", "Last used"], [_as_row(key) for key in keys])


@app.command()
def delete(
    id: Annotated[str, typer.Argument(help="Its id, as the list shows it.")], json: options.Json = False
) -> None:
    """Delete an API key.

    From then on it is refused.

    Example:  is0k key delete key_01kaqz5c0efk8t3v6m2x9r4d7h
    """
    from strawberry import ID

    from is0k.cli import database
    from is0k.resolvers.api_keys import delete_api_key

    deleted = database.as_operator(read_settings(), lambda ctx: delete_api_key(ctx, ID(id)))
    if json:
        say_json({"id": deleted.id, "deleted": True})
    else:
        talk(f"Deleted {deleted.id}.")


def _as_json(key: "ApiKey") -> dict[str, Any]:
    from is0k.schema.scalars import rfc3339

    moments = {"expiresAt": key.expires_at, "lastUsedAt": key.last_used_at, "createdAt": key.created_at}
    shown = {name: moment and rfc3339(moment) for name, moment in moments.items()}
    return {"id": key.id, "name": key.name, "scope": key.scope.value, "hint": key.hint} | shown


def _as_row(key: dict[str, Any]) -> list[str]:
    return [key[name] or "never" for name in ("id", "name", "scope", "hint", "expiresAt", "lastUsedAt")]
