from typing import Any

import pytest

from is0k.schema import (
    CreateIncidentInput,
    CreateIncidentUpdateInput,
    IncidentFilter,
    IncidentImpact,
    IncidentStatus,
    UpdateIncidentInput,
)
from is0k.schema.coercion import read, read_text
from is0k.schema.errors import ValidationFailed


def faults(kind: type, **body: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refused:
        read(kind, body)
    return {fault["field"]: fault["code"] for fault in refused.value.details}


def test_a_title_is_enough() -> None:
    given = read(CreateIncidentInput, {"title": "Shop is slow"})

    assert (given.status, given.impact) == (IncidentStatus.INVESTIGATING, IncidentImpact.MINOR)
    assert (given.monitor_ids, given.status_page_ids, given.started_at, given.message) == ([], [], None, None)


def test_every_fault_is_told_at_once() -> None:
    assert faults(
        CreateIncidentInput,
        title=" ",
        status="closed",
        impact=1,
        monitorIds=["a", "b", "a"],
        statusPageIds="x",
        startedAt="yesterday",
        message="",
        resolvedAt="2026-11-23T12:00:00Z",
    ) == {
        "title": "BAD_LENGTH",
        "status": "INVALID_VALUE",
        "impact": "INVALID_VALUE",
        "monitorIds.2": "DUPLICATE",
        "statusPageIds": "INVALID_TYPE",
        "startedAt": "INVALID_VALUE",
        "message": "BAD_LENGTH",
        "resolvedAt": "UNKNOWN_FIELD",
    }


@pytest.mark.parametrize(("field", "most"), [("monitorIds", 100), ("statusPageIds", 20)])
def test_there_may_be_so_many_and_no_more(field: str, most: int) -> None:
    ids = [str(number) for number in range(most + 1)]

    assert read(CreateIncidentInput, {"title": "x", field: ids[:most]})
    assert faults(CreateIncidentInput, title="x", **{field: ids}) == {field: "TOO_MANY"}


@pytest.mark.parametrize("kind", [CreateIncidentInput, CreateIncidentUpdateInput])
def test_a_message_has_up_to_ten_thousand_characters_and_several_lines(kind: type) -> None:
    title = {"title": "x"} if kind is CreateIncidentInput else {}
    text = "# What is known\n\n- *nothing* <b>yet</b>\n"

    assert read(kind, {**title, "message": text}).message == text
    assert read(kind, {**title, "message": "x" * 10_000})
    assert faults(kind, **title, message="x" * 10_001) == {"message": "BAD_LENGTH"}
    assert faults(kind, **title, message="\x00") == {"message": "BAD_CHARACTER"}


def test_an_update_needs_a_message_and_no_status() -> None:
    assert faults(CreateIncidentUpdateInput) == {"message": "REQUIRED"}
    assert read(CreateIncidentUpdateInput, {"message": "x"}).status is None


def test_an_edit_may_clear_only_what_has_a_default() -> None:
    cleared = dict.fromkeys(["title", "status", "startedAt", "impact", "monitorIds", "statusPageIds"])

    assert faults(UpdateIncidentInput, **cleared) == dict.fromkeys(["title", "status", "startedAt"], "REQUIRED")


def test_a_list_is_narrowed_by_query_parameters() -> None:
    filter = read_text(IncidentFilter, {"status": "resolved", "open": "false", "from": "2026-11-23T12:00:00Z"})

    assert (filter.status, filter.open) == (IncidentStatus.RESOLVED, False)
    assert filter.from_.isoformat() == "2026-11-23T12:00:00+00:00"
