"""One verb, two transports: `@operation` makes a function answer GraphQL and REST alike.

    @operation(Scope.WRITE)
    async def pause_monitor(ctx: Context, id: strawberry.ID) -> schema.Monitor: ...

Called, it checks who asks, then every input, then runs. `query`, `listing`, `mutation` and `subscription` turn it into
a GraphQL field; the REST table names it as it is.
"""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

import strawberry

from is0k.resolvers.context import Context
from is0k.schema.context import Info
from is0k.schema.enums import Scope
from is0k.schema.errors import DomainError, NotFound, ValidationFailed
from is0k.schema.page import DEFAULT_PAGE, Connection, PageArguments, connection
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
    """A GraphQL field that reads one noun, null when it is not there; or a short list, which always is."""

    is_list = get_origin(verb.returns) is list
    returns = verb.returns if is_list else verb.returns | None

    async def resolve(info: Info, **arguments: Any) -> Any:
        try:
            return await verb(context_of(info), **arguments)
        except NotFound:
            return None

    return strawberry.field(
        resolver=_shaped(resolve, verb.name, verb.parameters.values(), returns), description=verb.__doc__
    )


def listing(verb: Operation[..., Any]) -> Any:
    """A GraphQL connection of a verb that returns a Page; `first` and `after` say which part of the list."""
    [item] = get_args(verb.returns)
    filter_kind = verb.parameters["filter"].annotation if "filter" in verb.parameters else None

    async def resolve(info: Info, **arguments: Any) -> Any:
        first, after = arguments.pop("first"), arguments.pop("after")
        if filter_kind and arguments["filter"] is None:
            arguments["filter"] = filter_kind()
        page = await verb(context_of(info), **arguments, page=PageArguments(limit=first, cursor=after))
        return connection(page, is_first=after is None)

    own = [item for item in verb.parameters.values() if item.name not in ("filter", "page")]
    parameters = [*own, _parameter("first", int, DEFAULT_PAGE), _parameter("after", str | None, None)]
    if filter_kind:
        parameters.append(_parameter("filter", filter_kind | None, None))
    returns: Any = Connection[item]  # type: ignore[valid-type]  # known when it runs
    shaped = _shaped(resolve, verb.name, parameters, returns)
    return strawberry.field(resolver=shaped, description=verb.__doc__)


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

    return strawberry.mutation(
        resolver=_shaped(resolve, verb.name, verb.parameters.values(), payload), description=verb.__doc__
    )


def subscription(verb: Operation[..., Any]) -> Any:
    """A GraphQL subscription: the verb returns the stream of what is told. What it refuses, it refuses at once."""
    [item] = get_args(verb.returns)

    async def resolve(info: Info, **arguments: Any) -> AsyncGenerator[Any, None]:
        ctx = context_of(info)
        return _renewing(ctx, await verb(ctx, **arguments))

    returns: Any = AsyncGenerator[item, None]  # type: ignore[valid-type]  # known when it runs
    shaped = _shaped(resolve, verb.name, verb.parameters.values(), returns)
    return strawberry.subscription(resolver=shaped, description=verb.__doc__)


async def _renewing(ctx: Context, stream: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Nested fields are read anew for each item."""
    async with aclosing(stream):
        async for item in stream:
            ctx.renew()
            yield item


def context_of(info: Info) -> Context:
    """The schema knows only what its nested fields need of a context; here it is the whole."""
    assert isinstance(info.context, Context)
    return info.context


def _parameter(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind, default=default)


def _shaped(
    resolve: Callable[..., Any], name: str, parameters: Iterable[inspect.Parameter], returns: Any
) -> Callable[..., Any]:
    """Give the resolver its arguments, where Strawberry looks for them."""
    arguments = [_parameter("info", Info), *parameters]
    resolve.__signature__ = inspect.Signature(arguments, return_annotation=returns)  # type: ignore[attr-defined]
    resolve.__annotations__ = {item.name: item.annotation for item in arguments} | {"return": returns}
    resolve.__name__ = name
    return resolve
