"""Media types of GraphQL over HTTP: which bodies are taken, and in which form a client wants the answer."""

from email.message import Message
from functools import lru_cache

JSON, GRAPHQL_RESPONSE = "application/json", "application/graphql-response+json"


@lru_cache(maxsize=64)
def answer_type(accept: str) -> str:
    """The one of the two that the client prefers; JSON where it does not say, or asks for what we do not have."""
    liked = {kind: _quality(parameters) for kind, parameters in map(_parsed, accept.split(","))}
    own = liked.get(GRAPHQL_RESPONSE, 0)
    return GRAPHQL_RESPONSE if own and own >= liked.get(JSON, 0) else JSON


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    kind, parameters = _parsed(content_type)
    return kind == JSON and parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message["content-type"] = text
    (kind, _), *parameters = message.get_params(failobj=[("", "")])
    return kind.strip().lower(), dict(parameters)


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", 1))
    except ValueError:
        return 0
