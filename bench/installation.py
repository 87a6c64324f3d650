"""A product with monitors in it, made through the verbs before it is started."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from is0k import schema
from is0k.models import database
from is0k.models.sql import Row, fetch
from is0k.resolvers.api_keys import create_api_key
from is0k.resolvers.monitors import create_monitor
from is0k.resolvers.organizations import first_start, operator_context, set_plan
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorType, Plan, Scope
from is0k.settings import Settings
from is0k.tests.stage.product import Product, running


class Installation:
    """`body` is what makes the n-th monitor its own, `environment` what the processes are told beyond the usual."""

    def __init__(
        self,
        folder: Path,
        body: Callable[[int], Mapping[str, Any]],
        monitors: int,
        interval_seconds: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir()
        self.product = Product(folder, environment)
        self.settings = Settings(data_dir=self.product.data_dir)
        self.body, self.monitors, self.interval_seconds = body, monitors, interval_seconds
        self.key = ""

    async def prepare(self) -> None:
        self.settings.data_dir.mkdir()
        await database.migrate(self.settings)
        async with database.opened(self.settings):
            await first_start()
            ctx = await operator_context()
            await set_plan(ctx, Plan.ENTERPRISE, 1_000_000)  # what is measured is not how it refuses
            self.key = (await create_api_key(ctx, schema.CreateApiKeyInput(name="bench", scope=Scope.ADMIN))).key
            for number in range(self.monitors):
                await create_monitor(ctx, self._monitor(number))

    def _monitor(self, number: int) -> schema.CreateMonitorInput:
        body = {"name": f"Shop {number}", "intervalSeconds": self.interval_seconds, **self.body(number)}
        input: schema.CreateMonitorInput = read(schema.CreateMonitorInput, body, Flat(MonitorType))
        return input

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Product]:
        async with running(self.product):
            yield self.product

    async def read(self, statement: str, *values: object) -> list[Row]:
        async with database.opened(self.settings):
            return await fetch(statement, *values)
