from typing import TYPE_CHECKING

from is0k.cli import options
from is0k.cli.environment import read_settings
from is0k.cli.printing import say

if TYPE_CHECKING:
    from is0k.cli.supervisor.first_start import Welcome


def up(host: options.Host = "127.0.0.1", port: options.Port = 8000, data_dir: options.DataDir = None) -> None:
    """Run everything on this machine.

    The database, the queue, the API and a worker; the first start prints a password and an API key. Ctrl-C stops all.

    Example:  is0k up --host 0.0.0.0 --port 9000
    """
    from is0k.cli import logs
    from is0k.cli.supervisor.installation import Installation
    from is0k.cli.supervisor.place import occupied

    settings = read_settings(data_dir=data_dir)
    logs.configure(settings, process="up")
    with occupied(settings, host, port) as place:

        def greet(welcome: "Welcome") -> None:
            say(welcome.text(place.url))

        async def tell_address() -> None:
            say(f"is0k is ready at {place.url}")

        Installation(place, greet, tell_address).run()
