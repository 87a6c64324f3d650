"""One verb, two transports: `@operation` makes a function answer GraphQL and REST alike.

    @operation(Scope.WRITE)
    async def pause_monitor(ctx: Context, id: strawberry.ID) -> schema.Monitor: ...

Called, it checks who asks, then every input, then runs. `query` and `mutation` turn it into a GraphQL field; the REST
table names it as it is.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints

import strawberry

from is0k.resolvers.context import Context
from is0k.schema.context import Info
from is0k.schema.enums import Scope
from is0k.schema.errors import DomainError, NotFound, ValidationFailed
from is0k.schema.payloads import Payload, user_errors
from is0k.schema.rules import faults_of

P = ParamSpec("P")
T = TypeVar("T")


class Operation(Generic[P, T]):
    """A verb with its guard."""

    def __init__(self, run: Callable[Concatenate[Context, P], Awaitable[T]], scope: Scope) -> None:
        self.run = run
        self.scope = scope
        self.name = run.__name__
        self.__doc__ = run.__doc__
        hints = get_type_hints(run, include_extras=True)
        self.returns = hints.pop("return")
        self.parameters = {
            name: parameter.replace(annotation=hints[name])
            for name, parameter in list(inspect.signature(run).parameters.items())[1:]
        }

    async def __call__(self, ctx: Context, *args: P.args, **kwargs: P.kwargs) -> T:
        ctx.require(self.scope)
        if faults := [fault for value in (*args, *kwargs.values()) for fault in faults_of(value)]:
            raise ValidationFailed(faults)
        return await self.run(ctx, *args, **kwargs)


def operation(
    scope: Scope,
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[T]]], Operation[P, T]]:
    return lambda run: Operation(run, scope)


def query(verb: Operation[..., Any]) -> Any:
    """A GraphQL field that reads one noun; what is not there is null."""

    async def resolve(info: Info, **arguments: Any) -> Any:
        try:
            return await verb(context_of(info), **arguments)
        except NotFound:
            return None

    return strawberry.field(resolver=_shaped(resolve, verb, verb.returns | None), description=verb.__doc__)


def mutation(verb: Operation[..., Any], payload: type[Payload]) -> Any:
    """A GraphQL mutation: the payload's own field holds the noun, `userErrors` what is wrong with the input."""
    noun = next(name for name in payload.__annotations__ if name != "user_errors")

    async def resolve(info: Info, **arguments: Any) -> Payload:
        try:
            return payload(**{noun: await verb(context_of(info), **arguments)})
        except DomainError as error:
            if error.is_system:
                raise
            return payload(user_errors=user_errors(error))

    return strawberry.mutation(resolver=_shaped(resolve, verb, payload), description=verb.__doc__)


def context_of(info: Info) -> Context:
    """The schema knows only what its nested fields need of a context; here it is the whole."""
    assert isinstance(info.context, Context)
    return info.context


def _shaped(resolve: Callable[..., Any], verb: Operation[..., Any], returns: Any) -> Callable[..., Any]:
    """Give the resolver the verb's own arguments, where Strawberry looks for them."""
    info = inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)
    arguments = [info, *verb.parameters.values()]
    resolve.__signature__ = inspect.Signature(arguments, return_annotation=returns)  # type: ignore[attr-defined]
    resolve.__annotations__ = {item.name: item.annotation for item in arguments} | {"return": returns}
    resolve.__name__ = verb.name
    return resolve
