"""What can go wrong, one class per code.

DomainError                     code            HTTP
├── BadRequest                                  400
│   ├── InvalidJson             INVALID_JSON
│   ├── MalformedRequest        BAD_REQUEST
│   ├── QueryTooComplex         QUERY_TOO_COMPLEX
│   └── UnknownParameter        UNKNOWN_PARAMETER
├── Unauthenticated             UNAUTHENTICATED 401
│   └── InvalidApiKey           INVALID_API_KEY
├── Forbidden                                   403
│   ├── InsufficientScope       INSUFFICIENT_SCOPE
│   ├── PlanUpgradeRequired     PLAN_UPGRADE_REQUIRED
│   └── PlanLimitReached        PLAN_LIMIT_REACHED
├── NotFound                    <NOUN>_NOT_FOUND 404
├── RouteNotFound               ROUTE_NOT_FOUND 404
├── MethodNotAllowed            METHOD_NOT_ALLOWED 405
├── Conflict                                    409
│   ├── Taken                   <FIELD>_TAKEN
│   └── IdempotencyKeyReused    IDEMPOTENCY_KEY_REUSED
├── PreconditionFailed          PRECONDITION_FAILED 412
├── PayloadTooLarge             PAYLOAD_TOO_LARGE 413
├── UnsupportedMediaType        UNSUPPORTED_MEDIA_TYPE 415
├── MisdirectedRequest          MISDIRECTED_REQUEST 421
├── ValidationFailed            VALIDATION_FAILED 422
├── RateLimited                 RATE_LIMITED    429
├── InternalError               INTERNAL_ERROR  500
├── ChannelDeliveryFailed       CHANNEL_DELIVERY_FAILED 502
└── ServiceUnavailable          SERVICE_UNAVAILABLE 503
    ├── TimedOut                TIMEOUT
    └── SubscriberTooSlow       SUBSCRIBER_TOO_SLOW

REST puts the code in its envelope and GraphQL in `extensions.code` or `userErrors`; nobody else knows the statuses.
"""

import re
from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from is0k.schema.enums import Plan, Scope
from is0k.schema.faults import Fault

Path: TypeAlias = tuple[str | int, ...]


class DomainError(Exception):
    """An answer that is no. `message` is for a person, `code` for a program; both are safe to show."""

    code: ClassVar[str]
    http_status: ClassVar[int]
    headers: ClassVar[dict[str, str]] = {}
    # A fault of the request itself (who you are, how you call): GraphQL shows it at the top level, not in userErrors.
    is_system: ClassVar[bool] = False

    def __init__(self, message: str, path: Path | None = None) -> None:
        """`path` leads to the one field it is about, in Python names."""
        super().__init__(message)
        self.message = message
        self._path = path

    @property
    def faults(self) -> Sequence[Fault]:
        return () if self._path is None else (Fault(self._path, self.code, self.message),)

    @property
    def extensions(self) -> dict[str, object]:
        """What GraphQL prints beside the message (graphql-core copies this attribute)."""
        return {"code": self.code}


class BadRequest(DomainError):
    http_status = 400


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


class PlanUpgradeRequired(Forbidden):
    """The plan does not have this at all; `plan` is the first that does."""

    code = "PLAN_UPGRADE_REQUIRED"

    def __init__(self, what: str, plan: Plan, *path: str | int) -> None:
        super().__init__(f"{what}; the {plan.title} plan has it", path)


class PlanLimitReached(Forbidden):
    """The plan has it, but not so much of it; `plan` is the first that allows more, None where none does."""

    code = "PLAN_LIMIT_REACHED"

    def __init__(self, what: str, plan: Plan | None, *path: str | int) -> None:
        super().__init__(f"{what}; the {plan.title} plan allows more" if plan else what, path)


class NotFound(DomainError):
    """A noun that is not there, or that belongs to somebody else: the two must not be told apart."""

    http_status = 404
    noun: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"\W+", "_", cls.noun).upper() + "_NOT_FOUND"

    def __init__(self, id: str) -> None:
        super().__init__(f"{self.noun} with ID {id} not found", ("id",))


class MonitorNotFound(NotFound):
    noun = "Monitor"


class AlertChannelNotFound(NotFound):
    noun = "Alert channel"


class StatusPageNotFound(NotFound):
    noun = "Status page"


class ComponentNotFound(NotFound):
    noun = "Component"


class IncidentNotFound(NotFound):
    noun = "Incident"


class MaintenanceWindowNotFound(NotFound):
    noun = "Maintenance window"


class DeliveryNotFound(NotFound):
    noun = "Delivery"


class ApiKeyNotFound(NotFound):
    noun = "API key"


class OrganizationNotFound(NotFound):
    noun = "Organization"


class Conflict(DomainError):
    http_status = 409


class Taken(Conflict):
    """Another noun has this value already, and only one may. The code names the field: `SLUG_TAKEN`."""

    code = "<FIELD>_TAKEN"

    def __init__(self, *path: str, value: str) -> None:
        self.code = f"{path[-1]}_taken".upper()  # type: ignore[misc]  # one class for the codes of all fields
        super().__init__(f"'{value}' is taken", path)


class IdempotencyKeyReused(Conflict):
    code = "IDEMPOTENCY_KEY_REUSED"
    is_system = True


class PreconditionFailed(DomainError):
    code = "PRECONDITION_FAILED"
    http_status = 412

    def __init__(self) -> None:
        super().__init__("It has changed since you read it: the ETag is not that of If-Match")


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
        return [{"field": ".".join(f.field), "code": f.code, "message": f.message} for f in self._faults]

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "details": self.details}


class InternalError(DomainError):
    code = "INTERNAL_ERROR"
    http_status = 500
    is_system = True

    def __init__(self) -> None:
        super().__init__("Something went wrong on our side; the log has it under this request id")


class ChannelDeliveryFailed(DomainError):
    """The provider of an alert channel did not take a message; the text says what it answered."""

    code = "CHANNEL_DELIVERY_FAILED"
    http_status = 502


class ServiceUnavailable(DomainError):
    code = "SERVICE_UNAVAILABLE"
    http_status = 503
    is_system = True
