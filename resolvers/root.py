"""The GraphQL schema: the verbs, put together as Query and Mutation."""

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.extensions import MaskErrors, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from is0k.resolvers import api_keys, monitors
from is0k.resolvers.operation import context_of, mutation, query
from is0k.schema.api_key import ApiKey
from is0k.schema.context import Info
from is0k.schema.errors import DomainError, InternalError
from is0k.schema.monitor import Monitor, MonitorFilter
from is0k.schema.page import Connection, PageArguments, connection
from is0k.schema.payloads import ApiKeyPayload, CheckPayload, DeletedPayload, MonitorPayload
from is0k.schema.scalars import SCALARS

log = structlog.get_logger("is0k.graphql")


@strawberry.type
class Query:
    monitor: Monitor | None = query(monitors.get_monitor)

    @strawberry.field(description=monitors.list_monitors.__doc__)
    async def monitors(
        self, info: Info, first: int = 50, after: str | None = None, filter: MonitorFilter | None = None
    ) -> Connection[Monitor]:
        page = await monitors.list_monitors(
            context_of(info), filter or MonitorFilter(), PageArguments(limit=first, cursor=after)
        )
        return connection(page, is_first=after is None)

    @strawberry.field(description=api_keys.list_api_keys.__doc__)
    async def api_keys(self, info: Info) -> list[ApiKey]:
        return await api_keys.list_api_keys(context_of(info))


@strawberry.type
class Mutation:
    create_monitor: MonitorPayload = mutation(monitors.create_monitor, MonitorPayload)
    update_monitor: MonitorPayload = mutation(monitors.update_monitor, MonitorPayload)
    delete_monitor: DeletedPayload = mutation(monitors.delete_monitor, DeletedPayload)
    pause_monitor: MonitorPayload = mutation(monitors.pause_monitor, MonitorPayload)
    resume_monitor: MonitorPayload = mutation(monitors.resume_monitor, MonitorPayload)
    check_monitor: CheckPayload = mutation(monitors.check_monitor, CheckPayload)
    create_api_key: ApiKeyPayload = mutation(api_keys.create_api_key, ApiKeyPayload)
    delete_api_key: DeletedPayload = mutation(api_keys.delete_api_key, DeletedPayload)


class Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log what is our fault; what the caller did wrong is told to the caller."""
        for error in errors:
            if _is_ours(error):
                log.error("resolver failed", path=error.path, exc_info=error.original_error)


def _is_ours(error: GraphQLError) -> bool:
    return not isinstance(error.original_error, DomainError | GraphQLError | None)


class MaskedErrors(MaskErrors):
    """What is our fault is told as such, with the id under which the log has it, and nothing of its inside."""

    def __init__(self) -> None:
        super().__init__(_is_ours, InternalError().message)

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        masked = super().anonymise_error(error)
        request_id = self.execution_context.context.request_id
        masked.extensions = {"code": InternalError.code, "requestId": request_id}
        return masked


graphql_schema = Schema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        ParserCache,
        ValidationCache,
        MaskedErrors,
    ],
)
