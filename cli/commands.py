"""The table of commands, in the order `is0k --help` shows them."""

from typing import Annotated

import typer

from is0k.cli import demo, doctor, key, migrate, plan, serve, settings, up, version, worker

app = typer.Typer(
    name="is0k",
    help="Uptime monitoring that does not lie. Begin with `is0k up`, or look around with `is0k demo`.",
    epilog="Settings are environment variables; `is0k settings` lists them. None is required.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    asked_for_version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=version.show_and_exit, is_eager=True)
    ] = False,
) -> None:
    pass


app.command()(up.up)
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(migrate.migrate)
app.add_typer(key.app, name="key")
app.add_typer(plan.app, name="plan")
app.command()(doctor.doctor)
app.command()(settings.settings)
app.command()(version.version)
app.command(hidden=True)(demo.demo_targets)
