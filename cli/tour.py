"""What the demo does once it runs: it makes four monitors, through the API as anybody would, and says where to look."""

import asyncio
import json
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from is0k.cli.faults import Failure
from is0k.cli.printing import say
from is0k.cli.supervisor.first_start import Welcome

MONITORS: dict[str, dict[str, Any]] = {
    "steady": {},
    "slow": {"degradedAfterMs": 400},
    "flaky": {"retries": 1},
    "down": {"retries": 1},
}
INTERVAL_SECONDS = 5

TEXT = """\
is0k is ready at {url}, with four monitors of four servers on this machine:

  steady   always answers: up
  slow     takes 0.8 s for it: degraded
  flaky    well for 20 s, then not for 20 s: an incident opens, and is resolved
  down     answers 503: down

Look at them, now and in half a minute:

  curl -s -H 'Authorization: Bearer {api_key}' {url}/api/v1/monitors

Ctrl-C ends the demo and removes its data.
"""


class Tour:
    def __init__(self, url: str, targets_url: str) -> None:
        self._url, self._targets_url = url, targets_url
        self._welcome: Welcome | None = None

    def remember(self, welcome: Welcome) -> None:
        self._welcome = welcome

    async def begin(self) -> None:
        # The folder was empty, so there was a first start.
        assert self._welcome is not None
        for name, settings in MONITORS.items():
            await asyncio.to_thread(self._create, self._welcome.api_key, self._input(name) | settings)
        say(TEXT.format(url=self._url, api_key=self._welcome.api_key))

    def _input(self, name: str) -> dict[str, Any]:
        url = f"{self._targets_url}/{name}"
        return {"name": name, "type": "http", "url": url, "intervalSeconds": INTERVAL_SECONDS}

    def _create(self, api_key: str, monitor: dict[str, Any]) -> None:
        connection = HTTPConnection(urlsplit(self._url).netloc, timeout=10)
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        with closing(connection):
            connection.request("POST", "/api/v1/monitors", json.dumps(monitor), headers)
            answer = connection.getresponse()
            if answer.status != HTTPStatus.CREATED:
                raise Failure(f"The monitor '{monitor['name']}' was not made: {answer.read().decode()}")
