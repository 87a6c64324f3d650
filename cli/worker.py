from typing import Annotated

import typer

from is0k.cli import options
from is0k.cli.environment import read_settings


def worker(
    region: Annotated[str | None, typer.Option(help="The region it checks from, instead of IS0K_REGION.")] = None,
    report: options.Descriptor = None,
) -> None:
    """Run a worker alone.

    It checks monitors and sends alerts. Any number may run, in any number of regions.

    Example:  is0k worker --region eu-west
    """
    from is0k.cli import logs

    settings = read_settings(region=region)
    logs.configure(settings, process="worker")
    from is0k.jobs.worker import run

    if report is not None:
        from is0k.cli import database
        from is0k.cli.supervisor import first_start

        first_start.send(report, database.prepare(settings))
    run(settings)
