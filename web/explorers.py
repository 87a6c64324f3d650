"""The two pages to try the API on: GraphiQL at `/graphql`, Swagger UI at `/api/v1/docs`. All they load is our own."""

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from is0k.web.static_files import linked, matches, static_route

FOLDER = Path(__file__).parent / "pages"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
# While a dialog of GraphiQL is open, a style element keeps the page behind it from scrolling.
GRAPHIQL_POLICY = POLICY | {"style-src": "'self' 'unsafe-inline'"}


class Page:
    """An HTML file of ours; browsers ask each time whether it has changed."""

    def __init__(self, name: str, policy: Mapping[str, str]) -> None:
        self._body = linked((FOLDER / name).read_text("utf-8")).encode()
        self._headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": "; ".join(f"{kind} {sources}" for kind, sources in policy.items()),
            "ETag": f'"{sha256(self._body).hexdigest()[:16]}"',
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
            "X-Content-Type-Options": "nosniff",
        }

    async def answer(self, request: Request) -> Response:
        if matches(request, self._headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=self._headers)
        return Response(self._body, headers=self._headers, media_type="text/html")


class WithPage:
    """GraphQL for programs, the page for those who ask for HTML: people in a browser."""

    def __init__(self, graphql: ASGIApp, page: Page) -> None:
        self._graphql, self._page = graphql, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", ""):
            response = await self._page.answer(request)
            await response(scope, receive, send)
        else:
            await self._graphql(scope, receive, send)


def explorer_routes(graphql: ASGIApp) -> list[Route]:
    """To be asked before REST is: its app answers for all that is below /api/v1."""
    return [
        Route("/graphql", WithPage(graphql, Page("graphiql.html", GRAPHIQL_POLICY))),
        Route("/api/v1/docs", Page("swagger.html", POLICY).answer),
        static_route(),
    ]
