import os
import socket
import tempfile
from contextlib import closing
from pathlib import Path

from is0k.cli import options
from is0k.cli.environment import read_settings


def demo(port: options.Port = 8000) -> None:
    """Look around: four monitors of four local servers.

    Runs in a temporary folder that is removed at the end, and needs no network.

    Example:  is0k demo --port 9000
    """
    _forget_settings()
    from is0k.cli import logs
    from is0k.cli.supervisor import listener
    from is0k.cli.supervisor.installation import Installation
    from is0k.cli.supervisor.place import occupied
    from is0k.cli.supervisor.programs import own
    from is0k.cli.tour import Tour

    with (
        tempfile.TemporaryDirectory(prefix="is0k-demo-") as folder,
        closing(listener.listen("127.0.0.1", 0)) as target_socket,
    ):
        settings = read_settings(data_dir=Path(folder))
        logs.configure(settings, process="demo")
        with occupied(settings, "127.0.0.1", port) as place:
            descriptor = target_socket.fileno()
            command = ["demo-targets", "--descriptor", str(descriptor)]
            targets = own("targets", command, place, [descriptor])
            tour = Tour(place.url, listener.http_url(target_socket))
            Installation(place, tour.remember, tour.begin, [targets]).run()


def demo_targets(descriptor: options.Descriptor) -> None:
    """The four servers the demo watches."""
    from is0k.cli.targets import run

    run(socket.socket(fileno=descriptor))


def _forget_settings() -> None:
    """A demo must not touch the database somebody has set up, nor write to anybody."""
    for name in list(os.environ):
        if name.startswith("IS0K_") and not name.startswith("IS0K_LOG_"):
            del os.environ[name]
    os.environ["IS0K_ALLOWED_NETWORKS"] = "127.0.0.0/8"
