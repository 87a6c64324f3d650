import os
from typing import Annotated

import typer

from is0k.cli import options
from is0k.cli.environment import read_settings
from is0k.cli.faults import ToldFailure


def worker(
    region: Annotated[str | None, typer.Option(help="The region it checks from, instead of IS0K_REGION.")] = None,
    report: options.Descriptor = None,
) -> None:
    """Run a worker alone.

    It checks monitors and judges what it sees. Any number may run, in any number of regions: those of one region share
    its checks, and a region is there from its first worker on. All need the same database and the same Redis.

    Example:  is0k worker --region eu-west
    """
    from is0k.cli import logs

    settings = read_settings(region=region)
    logs.configure(settings, process="worker")
    from is0k.cli import database
    from is0k.cli.supervisor import first_start
    from is0k.jobs.worker import run

    if report is None:
        database.check(settings)
    elif os.fork() == 0:
        # A copy that ends: what a migration takes of memory would stay in a worker that runs for months.
        database.check_redis(settings)
        first_start.send(report, database.prepare(settings).welcome)
        # At once: tidying up what it has loaded would keep the worker waiting.
        os._exit(0)
    elif os.waitstatus_to_exitcode(os.wait()[1]):
        raise ToldFailure
    run(settings)
