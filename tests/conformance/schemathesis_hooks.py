"""What schemathesis cannot know of us: our scalars, and which codes say that the caller is wrong, not the server.

Every call also comes from an address of its own, by a header the server trusts here: what one address may do without a
key, or with wrong ones, is limited, and hundreds of such calls are made.

It runs in the environment of the tools, where is0k is not installed.
"""

import itertools
import json
from ipaddress import IPv4Address
from typing import Any

import requests  # type: ignore[import-untyped]
import schemathesis  # type: ignore[import-not-found]
from graphql import parse_value
from hypothesis import strategies as st
from schemathesis.specs.graphql import validation  # type: ignore[import-not-found]

CALLERS_FAULT = {"VALIDATION_FAILED", "PLAN_LIMIT_REACHED", "PLAN_UPGRADE_REQUIRED", "IDEMPOTENCY_KEY_REUSED"}
CALLERS_FAULT_SUFFIXES = ("_NOT_FOUND", "_TAKEN")


class CallersFault(frozenset[str]):
    """Apollo's words, and ours; a code of another kind still counts as a fault of the server."""

    def __contains__(self, code: object) -> bool:
        return super().__contains__(code) or str(code) in CALLERS_FAULT or str(code).endswith(CALLERS_FAULT_SUFFIXES)


validation.CLIENT_ERROR_MARKERS = CallersFault(validation.CLIENT_ERROR_MARKERS)

NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,8}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
STATUS = st.integers(0, 700) | st.sampled_from(["1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "2XX", ""])


def literal(value: object) -> str:
    """The value as GraphQL writes it: as JSON, but for the names of fields."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def register(name: str, values: st.SearchStrategy[object]) -> None:
    schemathesis.graphql.scalar(name, values.map(literal).map(parse_value))


register("StringMap", st.dictionaries(NAMES, st.text(max_size=20), max_size=3))
register("ExpectedStatus", STATUS | st.lists(STATUS, max_size=3))
register("JSON", JSON)


ADDRESSES = map(str, map(IPv4Address, itertools.count(int(IPv4Address("203.0.113.0")))))


_send = requests.Session.send


def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
    """Below all that schemathesis believes to have sent: a header it knows of would be one of its cases."""
    request.headers["X-Forwarded-For"] = next(ADDRESSES)
    return _send(session, request, **options)


requests.Session.send = send
