"""What one installation runs, besides Valkey: is0k's own commands, each a process of its own."""

import os
import sys
from collections.abc import Sequence

from is0k.cli.supervisor import tether
from is0k.cli.supervisor.child import Program
from is0k.cli.supervisor.first_start import Report
from is0k.cli.supervisor.gate import Gate
from is0k.cli.supervisor.place import Place

# Longer than what a worker gives its checks (jobs/worker.py), and than what uvicorn gives open requests (server.py).
WORKER_STOP_SECONDS = 12.0
API_STOP_SECONDS = 8.0


def worker(place: Place, report: Report) -> Program:
    """It makes the database ready first, tells so in the report, and then works."""
    command = ["worker", "--report", str(report.descriptor)]
    return own("worker", command, place, [report.descriptor], stop_seconds=WORKER_STOP_SECONDS)


def api(place: Place, entrance: Gate) -> Program:
    """It loads, and waits at the gate until the database is ready."""
    listening = place.listening.fileno()
    command = ["serve", "--descriptor", str(listening), "--gate", str(entrance.descriptor)]
    return own("API", command, place, [listening, entrance.descriptor], stop_seconds=API_STOP_SECONDS)


def own(
    name: str, command: Sequence[str], place: Place, descriptors: Sequence[int] = (), stop_seconds: float = 5.0
) -> Program:
    """One of is0k's commands, at this place, tethered to this process."""
    held = tether.held_end()
    environment = os.environ | {
        "IS0K_DATA_DIR": str(place.settings.data_dir),
        "IS0K_PUBLIC_URL": place.settings.public_url,
        tether.VARIABLE: str(held),
    }
    # -P: a file called redis.py in the folder somebody happens to stand in must not be loaded.
    return Program(
        name, [sys.executable, "-P", "-m", "is0k", *command], environment, [held, *descriptors], stop_seconds
    )
