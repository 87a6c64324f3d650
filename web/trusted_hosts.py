"""Only the host names of `IS0K_TRUSTED_HOSTS` are answered, if there are any: others may be somebody's trick."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from is0k.schema.http_errors import MisdirectedRequest
from is0k.web.admission import is_api

# Asked by machines, which know an address only.
HEALTH = ("/healthz", "/readyz", "/metrics")


class TrustedHosts:
    """Middleware. The APIs tell the refusal in their own form; anybody else gets it as plain text."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self._names = frozenset(host for host in hosts if not host.startswith("*."))
        self._endings = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._is_open = not hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_open or scope["type"] == "lifespan" or scope["path"] in HEALTH or self._is_trusted(scope):
            await self.app(scope, receive, send)
        elif is_api(scope["path"]):
            scope["state"]["refusal"] = MisdirectedRequest()
            await self.app(scope, receive, send)
        else:
            response = PlainTextResponse(MisdirectedRequest().message, HTTPStatus.MISDIRECTED_REQUEST)
            await response(scope, receive, send)

    def _is_trusted(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").lower()
        # `[::1]:8000` keeps its brackets.
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        return name in self._names or name.endswith(self._endings or ("\0",))
