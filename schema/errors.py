"""What can go wrong, one class per code.

DomainError                     code            HTTP
├── BadRequest                                  400
│   ├── InvalidJson             INVALID_JSON
│   └── UnknownParameter        UNKNOWN_PARAMETER
├── Unauthenticated             UNAUTHENTICATED 401
│   └── InvalidApiKey           INVALID_API_KEY
├── Forbidden                                   403
│   └── InsufficientScope       INSUFFICIENT_SCOPE
├── NotFound                    <NOUN>_NOT_FOUND 404
├── RouteNotFound               ROUTE_NOT_FOUND 404
├── MethodNotAllowed            METHOD_NOT_ALLOWED 405
├── PayloadTooLarge             PAYLOAD_TOO_LARGE 413
├── UnsupportedMediaType        UNSUPPORTED_MEDIA_TYPE 415
├── ValidationFailed            VALIDATION_FAILED 422
├── InternalError               INTERNAL_ERROR  500
└── ServiceUnavailable          SERVICE_UNAVAILABLE 503

REST puts the code in its envelope and GraphQL in `extensions.code` or `userErrors`; nobody else knows the statuses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from is0k.schema.enums import Scope


class Verbatim(str):
    """A name in a path that is not one of ours, such as a header's: it is shown to the letter."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: `path` leads to the field, in Python names."""

    path: tuple[str | int, ...]
    code: str
    message: str

    def below(self, *parents: str | int) -> "Fault":
        return Fault((*parents, *self.path), self.code, self.message)

    @property
    def field(self) -> list[str]:
        """The path in the names people type: `("settings", "expected_status", 0)` is `settings expectedStatus 0`."""
        return [str(part) if isinstance(part, int | Verbatim) else camel(part) for part in self.path]


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


class DomainError(Exception):
    """An answer that is no. `message` is for a person, `code` for a program; both are safe to show."""

    code: ClassVar[str]
    http_status: ClassVar[int]
    headers: ClassVar[dict[str, str]] = {}
    # A fault of the request itself (who you are, how you call): GraphQL shows it at the top level, not in userErrors.
    is_system: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def faults(self) -> Sequence[Fault]:
        return ()

    @property
    def extensions(self) -> dict[str, object]:
        """What GraphQL prints beside the message (graphql-core copies this attribute)."""
        return {"code": self.code}


class BadRequest(DomainError):
    http_status = 400


class InvalidJson(BadRequest):
    code = "INVALID_JSON"


class UnknownParameter(BadRequest):
    code = "UNKNOWN_PARAMETER"


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"
    http_status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="is0k"'}
    is_system = True

    def __init__(self, message: str = "Send an API key: Authorization: Bearer is0k_live_…") -> None:
        super().__init__(message)


class InvalidApiKey(Unauthenticated):
    code = "INVALID_API_KEY"

    def __init__(self) -> None:
        super().__init__("The API key is unknown, deleted or expired")


class Forbidden(DomainError):
    http_status = 403


class InsufficientScope(Forbidden):
    code = "INSUFFICIENT_SCOPE"
    is_system = True

    def __init__(self, needed: Scope) -> None:
        super().__init__(f"This API key lacks the scope '{needed.value}'")


class NotFound(DomainError):
    """A noun that is not there, or that belongs to somebody else: the two must not be told apart."""

    http_status = 404
    noun: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"\W+", "_", cls.noun).upper() + "_NOT_FOUND"

    def __init__(self, id: str) -> None:
        super().__init__(f"{self.noun} with ID {id} not found")

    @property
    def faults(self) -> Sequence[Fault]:
        return (Fault(("id",), self.code, self.message),)


class MonitorNotFound(NotFound):
    noun = "Monitor"


class ApiKeyNotFound(NotFound):
    noun = "API key"


class OrganizationNotFound(NotFound):
    noun = "Organization"


class RouteNotFound(DomainError):
    code = "ROUTE_NOT_FOUND"
    http_status = 404

    def __init__(self, method: str, path: str) -> None:
        super().__init__(f"There is no {method} {path}")


class MethodNotAllowed(DomainError):
    code = "METHOD_NOT_ALLOWED"
    http_status = 405

    def __init__(self, method: str, path: str, allowed: str) -> None:
        super().__init__(f"{path} does not answer {method}; it answers {allowed}")


class PayloadTooLarge(DomainError):
    code = "PAYLOAD_TOO_LARGE"
    http_status = 413
    largest_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self) -> None:
        super().__init__("The body is larger than 1 MiB")


class UnsupportedMediaType(DomainError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    http_status = 415


class ValidationFailed(DomainError):
    """Something typed is wrong; every fault is listed, so that one round is enough to put it right."""

    code = "VALIDATION_FAILED"
    http_status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        names = ", ".join(".".join(fault.field) for fault in faults)
        super().__init__(f"Not valid: {names}" if names else "Not valid")
        self._faults = tuple(faults)

    @property
    def faults(self) -> Sequence[Fault]:
        return self._faults

    @property
    def details(self) -> list[dict[str, str]]:
        """The faults as REST and GraphQL print them."""
        return [
            {"field": ".".join(fault.field), "code": fault.code, "message": fault.message} for fault in self._faults
        ]

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "details": self.details}


class InternalError(DomainError):
    code = "INTERNAL_ERROR"
    http_status = 500
    is_system = True

    def __init__(self) -> None:
        super().__init__("Something went wrong on our side; the log has it under this request id")


class ServiceUnavailable(DomainError):
    code = "SERVICE_UNAVAILABLE"
    http_status = 503
    is_system = True
