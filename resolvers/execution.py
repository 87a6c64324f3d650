"""How GraphQL is executed: what is logged, and what of a fault of ours is told."""

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.extensions import MaskErrors
from strawberry.types import ExecutionContext

from is0k.schema.errors import DomainError, InternalError

log = structlog.get_logger("is0k.graphql")


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
