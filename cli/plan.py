"""The plan of this server's organization: the operator's business, not the API's."""

from enum import Enum
from typing import Annotated

import typer

from is0k.cli import options
from is0k.cli.environment import read_settings
from is0k.cli.printing import say, say_json

app = typer.Typer(help="Choose the plan of this server.", no_args_is_help=True)


class PlanName(Enum):
    """The words of schema.Plan, known here before the schema is loaded."""

    FREE = "free"
    HOBBY = "hobby"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


# Without it typer would fold a single command into its group: `is0k plan pro`.
@app.callback()
def root() -> None:
    pass


@app.command(name="set")
def set_plan(
    name: Annotated[PlanName, typer.Argument(help="The plan; a new server is on enterprise.")],
    rate_limit: Annotated[
        int | None, typer.Option(help="API requests a minute for each key, instead of the plan's own.", min=1)
    ] = None,
    json: options.Json = False,
) -> None:
    """Put the organization on a plan.

    Example:  is0k plan set enterprise --rate-limit 5000
    """
    from is0k.cli import database
    from is0k.resolvers import organizations
    from is0k.schema.enums import Plan

    plan = Plan(name.value)
    database.as_operator(read_settings(), lambda ctx: organizations.set_plan(ctx, plan, rate_limit))
    if json:
        say_json({"plan": name.value, "rateLimit": rate_limit})
    else:
        say(f"The plan is now {name.value}" + (f", {rate_limit} requests a minute." if rate_limit else "."))
