import re

import pytest
from starlette import status

from is0k.schema import errors, graphql_errors
from is0k.schema.enums import Scope
from is0k.schema.errors import (
    ApiKeyNotFound,
    DomainError,
    InsufficientScope,
    InternalError,
    InvalidApiKey,
    MonitorNotFound,
    NotFound,
    OrganizationNotFound,
    Unauthenticated,
    ValidationFailed,
)
from is0k.schema.faults import Fault, Verbatim
from is0k.schema.http_errors import RouteNotFound


def test_every_error_stands_in_the_table_of_the_docstring_with_its_code_and_status() -> None:
    assert graphql_errors.__doc__  # its errors are known once it is imported

    assert _table() == {
        error.__name__: (
            "<NOUN>_NOT_FOUND" if error is NotFound else error.__dict__.get("code"),
            error.http_status,
        )
        for error in _all_errors()
        if not (issubclass(error, NotFound) and error is not NotFound)
    }


def _all_errors(parent: type[DomainError] = DomainError) -> list[type[DomainError]]:
    return [found for child in parent.__subclasses__() for found in (child, *_all_errors(child))]


def _table() -> dict[str, tuple[str | None, int]]:
    """Name to (code, status); a status is said once and holds for what hangs below."""
    table: dict[str, tuple[str | None, int]] = {}
    known = 0
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"[│ ]*[├└]── (\w+) +([A-Z_<>]+)? *(\d{3})?$", line):
            name, code, http_status = match.groups()
            known = int(http_status) if http_status else known
            table[name] = (code, known)
    return table


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in _all_errors() if "code" in error.__dict__]

    assert len(codes) == len(set(codes))


def test_every_code_is_a_word_in_capitals_and_every_status_one_of_http() -> None:
    statuses = {value for name, value in vars(status).items() if name.startswith("HTTP_")}
    for error in _all_errors():
        assert re.fullmatch(r"(<FIELD>_)?[A-Z][A-Z_]+[A-Z]", getattr(error, "code", "NONE"))
        assert error.http_status in statuses


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MonitorNotFound("mon_abc123"), "MONITOR_NOT_FOUND", "Monitor with ID mon_abc123 not found"),
        (ApiKeyNotFound("key_1"), "API_KEY_NOT_FOUND", "API key with ID key_1 not found"),
        (OrganizationNotFound("org_1"), "ORGANIZATION_NOT_FOUND", "Organization with ID org_1 not found"),
        (RouteNotFound("GET", "/api/v1/x"), "ROUTE_NOT_FOUND", "There is no GET /api/v1/x"),
        (InsufficientScope(Scope.WRITE), "INSUFFICIENT_SCOPE", "This API key lacks the scope 'write'"),
        (InvalidApiKey(), "INVALID_API_KEY", "The API key is unknown, deleted or expired"),
    ],
)
def test_the_code_is_for_programs_and_the_message_for_people(error: DomainError, code: str, message: str) -> None:
    assert (error.code, error.message, str(error)) == (code, message, message)
    assert error.extensions == {"code": code}


def test_who_is_not_known_is_told_how_to_say_so() -> None:
    assert Unauthenticated().headers == InvalidApiKey().headers == {"WWW-Authenticate": 'Bearer realm="is0k"'}


def test_a_fault_shows_its_path_in_the_names_people_type() -> None:
    fault = Fault(("expected_status", 0), "INVALID_VALUE", "no").below("settings", "http")

    assert fault.path == ("settings", "http", "expected_status", 0)
    assert fault.field == ["settings", "http", "expectedStatus", "0"]


def test_a_name_that_is_not_ours_is_shown_to_the_letter() -> None:
    assert Fault(("headers", Verbatim("X_Shop_Id")), "BAD", "no").field == ["headers", "X_Shop_Id"]


def test_a_failed_validation_names_every_field() -> None:
    error = ValidationFailed([Fault(("name",), "REQUIRED", "x"), Fault(("retries",), "OUT_OF_RANGE", "y")])

    assert error.message == "Not valid: name, retries"
    assert error.details == [
        {"field": "name", "code": "REQUIRED", "message": "x"},
        {"field": "retries", "code": "OUT_OF_RANGE", "message": "y"},
    ]
    assert error.extensions == {"code": "VALIDATION_FAILED", "details": error.details}


def test_what_is_not_there_is_a_fault_of_the_id() -> None:
    [fault] = MonitorNotFound("mon_x").faults

    assert (fault.field, fault.code, fault.message) == (["id"], "MONITOR_NOT_FOUND", "Monitor with ID mon_x not found")


def test_an_internal_error_says_nothing_of_the_inside() -> None:
    assert InternalError().message == "Something went wrong on our side; the log has it under this request id"
