"""The API on a real socket, and a client that knows the envelope."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from is0k.cli.server import configured
from is0k.resolvers.api_keys import create_api_key
from is0k.resolvers.context import Context
from is0k.schema import CreateApiKeyInput, Scope


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        assert self.body["error"] is None, self.body
        return self.body["data"]

    @property
    def error(self) -> Any:
        assert self.body["data"] is None, self.body
        return self.body["error"]

    @property
    def code(self) -> Any:
        return self.error["code"]

    @property
    def faults(self) -> dict[str, str]:
        """Field and code of every fault."""
        return {fault["field"]: fault["code"] for fault in self.error["details"]}


@dataclass
class Api:
    url: str
    session: aiohttp.ClientSession
    key: str | None
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> Answer:
        """`path` below /api/v1."""
        return await self.send(method, f"/api/v1{path}", json=json, **options)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        return await self.call("POST", path, json, **options)

    async def put(self, path: str, json: Any = None) -> Answer:
        return await self.call("PUT", path, json)

    async def delete(self, path: str) -> Answer:
        return await self.call("DELETE", path)

    async def graphql(self, query: str, **variables: Any) -> Any:
        """The whole answer, `data` and `errors`."""
        answer = await self.send("POST", "/graphql", json={"query": query, "variables": variables})
        return answer.body

    async def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> Answer:
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        async with self.session.request(
            method, self.url + path, headers={**sent, **self.headers, **(headers or {})}, **options
        ) as response:
            text = await response.read()
            is_json = response.content_type.endswith("json") and text
            return Answer(response.status, await response.json() if is_json else text, response.headers)

    def with_key(self, key: str | None) -> "Api":
        return Api(self.url, self.session, key)


async def key_of(ctx: Context, scope: Scope = Scope.ADMIN) -> str:
    return (await create_api_key(ctx, CreateApiKeyInput(name="test", scope=scope))).key


@asynccontextmanager
async def serving(app: ASGIApp, ctx: Context) -> AsyncIterator[Api]:
    """Without the app's lifespan: the test has opened the database already."""
    async with listening_to(configured(app, lifespan="off")) as port, aiohttp.ClientSession() as session:
        try:
            yield Api(f"http://127.0.0.1:{port}", session, await key_of(ctx))
        finally:
            if isinstance(app, Starlette):
                await app.state.services.close()


@asynccontextmanager
async def listening_to(config: uvicorn.Config) -> AsyncIterator[int]:
    """The port. uvicorn's own loop would look ten times a second whether it is to end."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup([listener])
        try:
            yield listener.getsockname()[1]
        finally:
            for listening in server.servers:
                listening.close()
                await listening.wait_closed()
