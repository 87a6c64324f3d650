"""What can go wrong with a request before it is one of any verb. The table of all errors is in errors.py."""

from typing import ClassVar

from is0k.schema.errors import BadRequest, DomainError


class InvalidJson(BadRequest):
    code = "INVALID_JSON"


class UnknownParameter(BadRequest):
    code = "UNKNOWN_PARAMETER"


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


class MisdirectedRequest(DomainError):
    """RFC 9110 §15.5.20: the request names a host this server does not answer for."""

    code = "MISDIRECTED_REQUEST"
    http_status = 421
    is_system = True

    def __init__(self) -> None:
        super().__init__("This server does not answer to that host name; the operator can allow it: IS0K_TRUSTED_HOSTS")


class RateLimited(DomainError):
    code = "RATE_LIMITED"
    http_status = 429
    is_system = True

    def __init__(self, limit: int, retry_after_seconds: int, what: str = "requests") -> None:
        super().__init__(f"More than {limit} {what} a minute; try again in {retry_after_seconds} s")
        self.headers = {"Retry-After": str(retry_after_seconds)}  # type: ignore[misc]  # of this refusal, not of all
