"""What assertions make of an outcome: when it is down, what is said, and what is kept."""

import threading
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.probes import assertions
from is0k.probes.assertions import assess, judge_assertions, wants_body
from is0k.probes.base import Facts, Outcome
from is0k.schema.assertion import Assertion, from_stored
from is0k.schema.enums import CheckStatus, Reason

DOCUMENT = {"status": "ok", "nodes": [{"up": True}, {"up": False}], "depth": 12}
HEADERS = {"server": "nginx/1.27", "set-cookie": "session=abc", "x-queue-depth": "12"}
FACTS = Facts(
    headers=HEADERS,
    body=orjson.dumps(DOCUMENT),
    certificate_days=12.34,
    answers=["10.0.0.2", "10.0.0.1"],
    packet_loss_percent=25.0,
    address="192.0.2.1",
)
WELL = Outcome(
    CheckStatus.UP, Reason.OK, latency_ms=812.345, status_code=204, detail={"remoteAddress": "x"}, facts=FACTS
)
HOLDS = {"source": "status", "op": "eq", "target": "204"}
FAILS = {"source": "status", "op": "eq", "target": "200"}


def leaf(source: str, op: str, target: str | None = None, path: str | None = None) -> dict[str, Any]:
    return {"source": source, "op": op, "target": target, "path": path}


def judged(*trees: dict[str, Any], outcome: Outcome = WELL, **more: Any) -> Outcome:
    return judge_assertions(outcome, [from_stored(tree) for tree in trees], **more)


def told(*trees: dict[str, Any], outcome: Outcome = WELL) -> str | None:
    return judged(*trees, outcome=outcome).message


def test_what_holds_leaves_the_outcome_as_it_is() -> None:
    assert judged(HOLDS, {"not": FAILS}) is WELL
    assert judged() is WELL


def test_what_does_not_hold_is_down_with_every_comparison_and_the_beginning_of_the_body() -> None:
    outcome = judged(leaf("latency", "lt", "500"), HOLDS)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.ASSERTION_FAILED)
    assert outcome.message == "latency is 812.3 ms, expected less than 500 ms"
    assert outcome.detail == {
        "remoteAddress": "x",
        "assertions": [
            {**leaf("latency", "lt", "500"), "actual": "812.3", "passed": False},
            {**leaf("status", "eq", "204"), "actual": "204", "passed": True},
        ],
        "bodyExcerpt": orjson.dumps(DOCUMENT).decode(),
    }
    assert WELL.detail == {"remoteAddress": "x"}


@pytest.mark.parametrize("status", [CheckStatus.DOWN, CheckStatus.UNKNOWN])
def test_nothing_is_asserted_of_what_is_down_already_or_was_not_seen(status: CheckStatus) -> None:
    ill = replace(WELL, status=status, reason=Reason.TIMEOUT, message="no answer")

    assert judged(FAILS, outcome=ill) is ill
    assert judged(FAILS, outcome=ill, shows_all=True) is ill


def test_what_is_degraded_is_down_when_an_assertion_fails_and_stays_degraded_when_none_does() -> None:
    expiring = replace(WELL, status=CheckStatus.DEGRADED, reason=Reason.TLS_EXPIRING, message="expires")

    assert judged(HOLDS, outcome=expiring) is expiring
    assert judged(FAILS, outcome=expiring).reason is Reason.ASSERTION_FAILED


def test_all_comparisons_are_shown_when_asked_for() -> None:
    outcome = judged(HOLDS, {"any": [FAILS, HOLDS]}, shows_all=True)

    assert outcome.status is CheckStatus.UP
    assert [told["passed"] for told in outcome.detail["assertions"]] == [True, False, True]


@pytest.mark.parametrize(
    ("assertion", "message"),
    [
        (FAILS, "status is 204, expected 200"),
        (leaf("certificate_days", "gt", "30"), "time left of the certificate is 12.3 days, expected more than 30 days"),
        (leaf("packet_loss", "le", "10"), "packet loss is 25 %, expected at most 10 %"),
        (leaf("address", "eq", "192.0.2.7"), "address is '192.0.2.1', expected '192.0.2.7'"),
        (
            leaf("answers", "eq", "10.0.0.1"),
            "answer is '10.0.0.1 10.0.0.2', expected '10.0.0.1'",
        ),
        (leaf("header", "contains", "apache", "Server"), "header Server is 'nginx/1.27', expected to contain 'apache'"),
        (leaf("header", "lt", "10", "X-Queue-Depth"), "header X-Queue-Depth is '12', expected less than '10'"),
        (leaf("header", "exists", None, "via"), "header via is missing, expected to be there"),
        (leaf("header", "not_exists", None, "server"), "header server is there, expected not to be there"),
        (leaf("json", "eq", "bad", "$.status"), "$.status is 'ok', expected 'bad'"),
        (leaf("json", "eq", "true", "$.nodes[*].up"), "$.nodes[*].up is 'true, false', expected 'true'"),
        (leaf("json", "not_empty", None, "$.x"), "$.x is missing, expected not to be empty"),
        ({"not": HOLDS}, "status is 204, expected anything but 204"),
        (
            {"not": leaf("header", "starts_with", "ng", "server")},
            "header server is 'nginx/1.27', expected not to st",
        ),
        ({"not": {"not": FAILS}}, "status is 204, expected 200"),
    ],
)
def test_a_failure_is_told_in_words(assertion: dict[str, Any], message: str) -> None:
    said = told(assertion)

    assert said is not None
    assert said.startswith(message)


def test_more_failures_are_counted() -> None:
    assert told(FAILS, HOLDS, {"all": [FAILS, HOLDS, FAILS]}) == "status is 204, expected 200 (2 more failed)"


def test_of_alternatives_each_is_told() -> None:
    either = {"any": [FAILS, leaf("address", "eq", "::1")]}

    assert told(either) == (
        "status is 204, expected 200; address is '192.0.2.1', expected '::1' (one of them would do)"
    )


def test_not_turns_groups_round_as_de_morgan_says() -> None:
    assert told({"not": {"any": [HOLDS, FAILS, HOLDS]}}) == ("status is 204, expected anything but 204 (1 more failed)")
    assert told({"not": {"all": [HOLDS, HOLDS]}}) == (
        "status is 204, expected anything but 204; status is 204, expected anything but 204 (one of them would do)"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "$.a cannot be told: the body is not JSON"),
        (b"", "$.a cannot be told: the body is not JSON"),
        (b"[" * 300 + b"]" * 300, "$.a cannot be told: the body is nested too deeply"),
        (b'"' + b"x" * (256 * 1024), "$.a cannot be told: the body is longer than 256 KiB"),
    ],
)
def test_of_a_body_that_is_no_json_nothing_holds_not_even_a_denial(body: bytes, message: str) -> None:
    outcome = replace(WELL, facts=replace(FACTS, body=body))

    for op in ("eq", "ne", "not_contains"):
        assert told(leaf("json", op, "1", "$.a"), outcome=outcome) == message
    assert told(leaf("json", "not_exists", None, "$.a"), outcome=outcome) == message


def test_a_path_that_looks_at_too_much_does_not_hold_and_says_why() -> None:
    outcome = replace(WELL, facts=replace(FACTS, body=orjson.dumps([0] * 100_000)))

    assert told(leaf("json", "not_exists", None, "$..*"), outcome=outcome) == (
        "$..* cannot be told: there is too much to look at, more than 20000 steps"
    )


@pytest.mark.parametrize(
    ("path", "document"),
    [("$" + "[0,0,0,0,0]" * 3, [[["x" * 200_000]]]), ("$..*", orjson.loads(b"[" * 200 + b"]" * 200))],
)
def test_the_same_long_text_is_not_compared_over_and_over(path: str, document: object) -> None:
    outcome = replace(WELL, facts=replace(FACTS, body=orjson.dumps(document).ljust(200_000)))

    assert told(leaf("json", "matches", "y", path), outcome=outcome) == (
        f"{path} cannot be told: there is too much to look at, more than 20000 steps"
    )


@pytest.mark.parametrize("header", ["Set-Cookie", "Authorization", "X-Auth-Token", "X-Api-Key", "x-session-id"])
def test_a_credential_is_compared_and_never_shown(header: str) -> None:
    outcome = replace(WELL, facts=replace(FACTS, headers={header.lower(): "hunter2"}))
    failed = judged(leaf("header", "eq", "x", header), outcome=outcome)

    assert "hunter2" not in str(failed.detail["assertions"]) + str(failed.message)
    assert judged(leaf("header", "eq", "hunter2", header), outcome=outcome) is outcome


def test_what_was_found_is_cut_at_200_characters() -> None:
    outcome = replace(WELL, facts=replace(FACTS, body=b"x" * 5_000))
    failed = judged(leaf("body", "contains", "y"), outcome=outcome)

    assert failed.detail["assertions"][0]["actual"] == "x" * 200
    assert failed.message == f"body is '{'x' * 80}…', expected to contain 'y'"


def test_what_an_outcome_has_nothing_of_is_missing() -> None:
    nothing = Outcome(CheckStatus.UP, Reason.OK)
    sources = ["status", "latency", "certificate_days", "packet_loss"]

    for source in sources:
        assert judged(leaf(source, "ge", "0"), outcome=nothing).status is CheckStatus.DOWN
    assert told(leaf("certificate_days", "ge", "7"), outcome=nothing) == (
        "time left of the certificate is missing, expected at least 7 days"
    )


def test_the_body_is_wanted_by_what_looks_at_it_however_deep() -> None:
    assert not wants_body([from_stored(HOLDS)])
    assert wants_body([from_stored({"all": [HOLDS, {"not": leaf("json", "exists", None, "$.a")}]})])
    assert wants_body([from_stored(leaf("body", "eq", "ok"))])


@pytest.mark.anyio
@pytest.mark.parametrize(("size", "elsewhere"), [(10, False), (100_000, True)])
async def test_a_large_body_is_looked_at_in_a_thread(
    size: int, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, judge = list[int](), assertions.judge_assertions

    def watched(*arguments: Any) -> Outcome:
        threads.append(threading.get_ident())
        return judge(*arguments)

    monkeypatch.setattr(assertions, "judge_assertions", watched)
    outcome = await assess(
        replace(WELL, facts=replace(FACTS, body=b"x" * size)), [from_stored(leaf("body", "contains", "y"))]
    )

    assert outcome.reason is Reason.ASSERTION_FAILED
    assert [thread != threading.get_ident() for thread in threads] == [elsewhere]


leaves = st.sampled_from([HOLDS, FAILS, leaf("header", "exists", None, "server"), leaf("json", "exists", None, "$.x")])
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts})
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts})
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=8,
)


def holds(tree: dict[str, Any]) -> bool:
    return judged(tree).status is CheckStatus.UP


@given(trees)
def test_not_inverts(tree: dict[str, Any]) -> None:
    assert holds({"not": tree}) is not holds(tree)


@given(st.lists(trees, min_size=1, max_size=4))
def test_all_any_and_a_list_are_what_they_are_called(parts: list[dict[str, Any]]) -> None:
    each = [holds(part) for part in parts]

    assert holds({"all": parts}) is all(each)
    assert holds({"any": parts}) is any(each)
    assert (judged(*parts).status is CheckStatus.UP) is all(each)


@given(trees)
def test_whatever_fails_is_told(tree: dict[str, Any]) -> None:
    outcome = judged(tree)

    assert (outcome.message is None) is (outcome.status is CheckStatus.UP)
    assert isinstance(from_stored(tree), Assertion)
