"""When a tool is content: some exit with 0 whatever they find."""

import json

import pytest

from is0k.tests.conformance.tools import COP_WAIVERS, Finding, cop_finding, redocly_finding, schemathesis_finding
from is0k.tests.conformance.workshop import version

SCHEMATHESIS = """
Failures:
  ❌ ST113 GraphQL server error: 1

Test cases:
  98 generated, 1 found 1 unique failure

========================= 1 failure in 2.39s =========================
"""


def cop(*findings: tuple[str, str]) -> str:
    items = [{"result": True, "title": title, "severity": severity} for title, severity in findings]
    return "Running a forced scan\n" + json.dumps([*items, {"result": False, "title": "Batch", "severity": "HIGH"}])


def test_graphql_cop_is_content_with_what_is_low() -> None:
    assert cop_finding()(0, cop(("IDE", "LOW"))) == Finding(True, "0 HIGH, 0 MEDIUM, 1 low or info")


@pytest.mark.parametrize("severity", ["HIGH", "MEDIUM"])
def test_graphql_cop_fails_by_what_is_grave(severity: str) -> None:
    assert cop_finding()(0, cop(("Aliases", severity))) == Finding(False, "Aliases, 0 low or info")


def test_introspection_is_waived_for_who_has_a_key() -> None:
    output = cop(("Introspection", "HIGH"))

    assert cop_finding(COP_WAIVERS)(0, output) == Finding(
        True, "0 HIGH, 0 MEDIUM, Introspection (waived), 0 low or info"
    )
    assert not cop_finding()(0, output).passed


def test_redocly_fails_by_a_warning() -> None:
    totals = {"errors": 0, "warnings": 1, "ignored": 0}
    output = f"A new version!\n{json.dumps({'totals': totals}, indent=2)}validated in 5 ms\n"

    assert redocly_finding(0, output) == Finding(False, "0 errors, 1 warnings")


def test_schemathesis_names_its_failures() -> None:
    summary = "98 generated, 1 found 1 unique failure; ST113 GraphQL server error: 1"

    assert schemathesis_finding(1, SCHEMATHESIS) == Finding(False, summary)


@pytest.mark.parametrize("package", ["schemathesis", "openapi-spec-validator", "@redocly/cli", "graphql-http"])
def test_a_version_is_the_locked_one(package: str) -> None:
    assert version(package)[0].isdigit()
