"""What can go wrong with a GraphQL request as such. The table of all errors is in errors.py."""

from is0k.schema.errors import BadRequest, NotFound, ServiceUnavailable


class MalformedRequest(BadRequest):
    """The body is JSON, but not what the GraphQL-over-HTTP specification calls a request."""

    code = "BAD_REQUEST"


class QueryTooComplex(BadRequest):
    """A GraphQL document asks for more than one request may; `limit` names which of the limits it breaks."""

    code = "QUERY_TOO_COMPLEX"

    def __init__(self, limit: str, found: int, allowed: int) -> None:
        super().__init__(f"The query is too large: {limit} {found}, allowed are {allowed}")
        self._figures = {"limit": limit, "found": found, "allowed": allowed}

    @property
    def extensions(self) -> dict[str, object]:
        return super().extensions | self._figures


class TimedOut(ServiceUnavailable):
    code = "TIMEOUT"

    def __init__(self) -> None:
        super().__init__("It took too long and was stopped; a change that was under way is undone")


class NodeNotFound(NotFound):
    """Of whatever noun: nothing that can be read alone has this id."""

    noun = "Node"


class SubscriberTooSlow(ServiceUnavailable):
    code = "SUBSCRIBER_TOO_SLOW"

    def __init__(self) -> None:
        super().__init__("Events come faster than you read them; subscribe again, and read what you have missed")
