"""`/healthz`: this process runs. `/readyz`: it can do its work, and checks are being made."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from is0k.resolvers.health import LARGEST_LAG_MS, database_answers, scheduler_lag_ms
from is0k.schema.clock import Clock

Ping = Callable[[], Awaitable[object]]


def health_routes(ping_redis: Ping, clock: Clock) -> list[Route]:
    async def healthz(request: Request) -> Response:
        return _json({"status": "ok"}, HTTPStatus.OK)

    async def readyz(request: Request) -> Response:
        problems = {
            name: problem
            for name, check in (("database", database_answers), ("redis", ping_redis), ("scheduler", scheduler))
            if (problem := await _problem(check))
        }
        status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        return _json({"status": "unready" if problems else "ready", "problems": problems}, status)

    async def scheduler() -> None:
        lag_ms = await scheduler_lag_ms(clock)
        if lag_ms > LARGEST_LAG_MS:
            raise TimeoutError(f"checks are {lag_ms // 1000} s late; is a worker running?")

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _problem(check: Ping) -> str | None:
    try:
        await check()
    except Exception as error:
        # Whatever it is, it is the answer: this page exists to tell it.
        return str(error) or type(error).__name__
    return None


def _json(body: dict[str, object], status: HTTPStatus) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
