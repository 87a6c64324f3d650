"""How GraphQL is executed: what is refused, what is logged, and what of a fault is told."""

from collections.abc import Mapping
from typing import Any

import strawberry
import structlog
from graphql import ExecutionResult, GraphQLDefaultInput, GraphQLError, GraphQLInputObjectType, GraphQLSchema
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import MaskErrors
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError

from is0k.resolvers.deadline import deadline
from is0k.resolvers.documents import Documents, InvalidDocument, Prepared, without_value
from is0k.resolvers.executor import Executor
from is0k.schema.errors import DomainError, InternalError
from is0k.schema.graphql_errors import MalformedRequest, TimedOut

log = structlog.get_logger("is0k.graphql")


class Schema(strawberry.Schema):
    """Strawberry's, with our documents in the place of its parser and validation, and a time-out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(execution_context_class=Executor, **options)
        _show_object_defaults(self._schema)
        self.documents = Documents(self._schema)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: Any
    ) -> PreExecutionError | None:
        if not context.query:
            raise MissingQueryError
        try:
            prepared = self.documents.prepare(context.query)
            context.graphql_document = prepared.document
            operation = _named(context, prepared)
            prepared.refuse_costly(operation, context.variables)
        except InvalidDocument as error:
            context.pre_execution_errors = error.errors
        except DomainError as error:
            context.pre_execution_errors = [GraphQLError(error.message, original_error=error)]
        except Exception:
            log.exception("document failed")
            context.pre_execution_errors = [GraphQLError(InternalError().message, original_error=InternalError())]
        if context.pre_execution_errors:
            return PreExecutionError(data=None, errors=context.pre_execution_errors)
        if context.operation_type not in context.allowed_operations:
            raise InvalidOperationTypeError(context.operation_type)
        return None

    async def _execute_operation(self, execution_context: ExecutionContext, *arguments: Any, **named: Any) -> Any:
        """Queries and mutations; a subscription lasts as long as it likes."""
        try:
            async with deadline():
                return await super()._execute_operation(execution_context, *arguments, **named)
        except TimeoutError:
            log.warning("operation timed out", operation=execution_context.operation_name)
            error = TimedOut()
            return ExecutionResult(None, [GraphQLError(error.message, original_error=error)])

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log what is our fault; what the caller did wrong is told to the caller."""
        for error in errors:
            if _is_ours(error):
                log.error("resolver failed", path=error.path, exc_info=error.original_error)


def _show_object_defaults(schema: GraphQLSchema) -> None:
    """Strawberry gives defaults in graphql-core's older form, which introspection cannot print for an object."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for field in kind.fields.values():
                if isinstance(field.default_value, Mapping):
                    field.default = GraphQLDefaultInput(field.default_value)


def _named(context: ExecutionContext, prepared: Prepared) -> str | None:
    """Which of its operations is to run. Strawberry would take the first of several."""
    given = context._provided_operation_name
    if given is None and len(prepared.costs) == 1:
        return context.operation_name
    if given is None:
        raise MalformedRequest("The document has several operations: give operationName")
    if given not in prepared.costs:
        raise MalformedRequest("The document has no operation of the name given as operationName")
    return given


def _is_ours(error: GraphQLError) -> bool:
    # What has a place in the document, but none in the answer, is about a variable: our scalars say what is wrong.
    is_of_variable = error.path is None and bool(error.nodes)
    return not isinstance(error.original_error, DomainError | GraphQLError | None) and not is_of_variable


class ToldErrors(MaskErrors):
    """Every error has a code. What is our fault is told with the id under which the log has it, and nothing of its
    inside; what is left without a code is what graphql-core says of the variables."""

    def __init__(self) -> None:
        super().__init__(error_message=InternalError().message)

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        told = super().anonymise_error(error)
        told.extensions = {"code": InternalError.code}
        if not _is_ours(error):
            told.message = without_value(error.message)
            told.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
        if told.extensions["code"] == InternalError.code:
            told.extensions["requestId"] = self.execution_context.context.request_id
        return told
