"""Is the job late? Stories of one morning: what it has said, when we listened, and what follows from that."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.probes.heartbeat import ASK_AGAIN_MS, Beat, Gap, Hearing, Look, look
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.heartbeat_settings import HeartbeatSettings

UP, DOWN, UNKNOWN = CheckStatus.UP, CheckStatus.DOWN, CheckStatus.UNKNOWN
HOURLY = HeartbeatSettings(period_seconds=3600, grace_seconds=300)
NIGHTLY = HeartbeatSettings(cron="0 2 * * *", timezone="UTC", grace_seconds=3900)
BERLIN = HeartbeatSettings(cron="0 2 * * *", timezone="Europe/Berlin", grace_seconds=300)


def at(clock: str, day: int = 24) -> int:
    """Of a morning in November 2026, in UTC; ms since the epoch."""
    return round(datetime.fromisoformat(f"2026-11-{day}T{clock}+00:00").timestamp() * 1000)


MADE = at("00:00")


def seen(
    now: str, settings: HeartbeatSettings = HOURLY, gaps: tuple[tuple[str, str], ...] = (), day: int = 24, **beat: Any
) -> Look:
    """Somebody listened until now, but for the gaps."""
    given: dict[str, Any] = {
        name: at(value) if isinstance(value, str) and name != "excerpt" else value for name, value in beat.items()
    }
    hearing = Hearing([Gap(at(start), at(end)) for start, end in gaps], at(now, day))
    return look(settings, Beat(**{"since": MADE, **given}), hearing, at(now, day))


def words(found: Look) -> tuple[CheckStatus, Reason, str | None]:
    assert found.outcome is not None
    return found.outcome.status, found.outcome.reason, found.outcome.message


def test_a_new_one_waits_for_its_first_call_however_long_that_takes() -> None:
    assert seen("00:01") == seen("23:59") == Look(None)


def test_a_job_that_called_is_up_until_its_deadline_which_is_looked_at() -> None:
    found = seen("03:04:59", called_at="02:00", succeeded_at="02:00")

    assert words(found) == (UP, Reason.OK, None)
    assert found.again_at == at("03:05")


def test_at_the_deadline_it_is_missed() -> None:
    found = seen("03:05", called_at="02:00:00", succeeded_at="02:00:00")

    message = "no call since 02:00:00 UTC; expected by 03:05:00 UTC (grace included)"
    assert words(found) == (DOWN, Reason.MISSED, message)
    assert found.again_at is None


def test_it_stays_missed_until_it_calls() -> None:
    assert words(seen("23:00", called_at="02:00", succeeded_at="02:00"))[0] is DOWN
    assert words(seen("23:00", called_at="22:59", succeeded_at="22:59"))[0] is UP


@pytest.mark.parametrize(("run_ms", "latency_ms"), [(None, None), (0, 0.0), (1_250, 1250.0)])
def test_the_latency_of_a_job_is_how_long_it_ran(run_ms: int | None, latency_ms: float | None) -> None:
    found = seen("02:30", called_at="02:00", succeeded_at="02:00", run_ms=run_ms)

    assert found.outcome is not None and found.outcome.latency_ms == latency_ms


@pytest.mark.parametrize(
    ("exit_code", "message"),
    [(3, "the job reported failure: exit code 3"), (None, "the job reported failure")],
)
def test_a_failure_it_reports_is_down_at_once_and_says_what_it_said(exit_code: int | None, message: str) -> None:
    found = seen("02:31", succeeded_at="02:00", failed_at="02:30", exit_code=exit_code, excerpt="disk full")

    assert words(found) == (DOWN, Reason.BAD_STATUS, message)
    assert found.outcome is not None and found.outcome.detail == {"bodyExcerpt": "disk full"}


def test_the_very_first_call_may_be_a_failure() -> None:
    assert words(seen("00:30", failed_at="00:29"))[0] is DOWN


def test_a_failed_job_that_runs_again_is_down_until_it_succeeds() -> None:
    assert words(seen("02:32", succeeded_at="02:00", failed_at="02:30", unfinished_since="02:31"))[0] is DOWN


def test_a_run_gets_its_grace_also_beyond_the_time_the_call_was_due() -> None:
    found = seen("03:08", called_at="03:04", succeeded_at="02:00", unfinished_since="03:04")

    assert words(found)[0] is UP
    assert found.again_at == at("03:09")


def test_a_run_that_does_not_end_within_its_grace_is_missed() -> None:
    found = seen("03:09", called_at="03:04", succeeded_at="02:00", unfinished_since="03:04")

    assert words(found) == (DOWN, Reason.MISSED, "started 03:04:00 UTC, not finished by 03:09:00 UTC")


def test_the_first_run_of_all_is_waited_for_until_it_ends() -> None:
    assert seen("00:11", called_at="00:10", unfinished_since="00:10") == Look(None, at("00:15"))
    assert words(seen("00:15", called_at="00:10", unfinished_since="00:10"))[:2] == (DOWN, Reason.MISSED)


def test_after_it_was_resumed_what_it_said_long_ago_is_no_fault_and_no_proof() -> None:
    assert seen("09:30", since="09:00", succeeded_at="02:00") == Look(None, at("10:05"))
    assert words(seen("10:05", since="09:00", succeeded_at="02:00"))[:2] == (DOWN, Reason.MISSED)


def test_another_schedule_does_not_forget_a_call_that_fits_it() -> None:
    assert words(seen("02:30", since="02:20", succeeded_at="02:00"))[0] is UP


# Cron.


def test_a_cron_line_says_when_the_next_call_is_due() -> None:
    fine = seen("03:04:59", NIGHTLY, day=25, called_at="02:03", succeeded_at="02:03")
    missed = seen("03:05", NIGHTLY, day=25, called_at="02:03", succeeded_at="02:03")

    assert (words(fine)[0], fine.again_at) == (UP, at("03:05", 25))
    message = "no call since 2026-11-24 02:03:00 UTC; expected by 03:05:00 UTC (grace included)"
    assert words(missed) == (DOWN, Reason.MISSED, message)


def test_a_job_whose_clock_is_a_little_ahead_has_called_for_the_time_that_was_due() -> None:
    assert words(seen("04:00", NIGHTLY, called_at="01:59:58", succeeded_at="01:59:58"))[0] is UP
    assert words(seen("04:00", NIGHTLY, called_at="01:59:54", succeeded_at="01:59:54"))[0] is DOWN


def test_times_are_told_as_the_clock_of_the_job_shows_them() -> None:
    found = seen("01:05", BERLIN, called_at="00:50", succeeded_at="00:50")

    assert words(found)[2] == "no call since 01:50:00 CET; expected by 02:05:00 CET (grace included)"


# When we could not listen.


def test_silence_while_nobody_listened_is_our_fault_and_the_job_gets_another_turn() -> None:
    found = seen("02:45", gaps=(("02:00", "02:40"),), called_at="01:30", succeeded_at="01:30")

    assert words(found) == (
        UNKNOWN,
        Reason.OBSERVER_UNHEALTHY,
        "is0k could not be called from 02:00:00 UTC to 02:40:00 UTC",
    )
    assert found.again_at == at("03:45")


def test_the_other_turn_is_the_last_one() -> None:
    night: dict[str, Any] = {"called_at": "01:30", "succeeded_at": "01:30"}

    assert words(seen("03:44:59", gaps=(("02:00", "02:40"),), **night))[0] is UNKNOWN
    assert words(seen("03:45", gaps=(("02:00", "02:40"),), **night))[:2] == (DOWN, Reason.MISSED)


def test_a_cron_job_missed_while_nobody_listened_is_waited_for_when_it_is_due_next() -> None:
    night: dict[str, Any] = {"called_at": "02:03", "succeeded_at": "02:03"}
    gaps = (("01:30", "02:10"),)

    first = look(NIGHTLY, _beat(**night), Hearing([_gap(*gaps[0])], at("03:05", 25)), at("03:05", 25))
    last = look(NIGHTLY, _beat(**night), Hearing([_gap(*gaps[0])], at("03:05", 26)), at("03:05", 26))

    assert (words(first)[0], first.again_at) == (UNKNOWN, at("03:05", 26))
    assert words(last)[:2] == (DOWN, Reason.MISSED)


def _beat(**times: str) -> Beat:
    return Beat(since=MADE, called_at=at(times["called_at"]), succeeded_at=at(times["succeeded_at"]))


def _gap(start: str, end: str) -> Gap:
    """On the day after."""
    return Gap(at(start, 25), at(end, 25))


@pytest.mark.parametrize("gap", [("01:10", "01:40"), ("02:00", "02:54")])
def test_a_gap_long_before_the_call_was_due_excuses_nothing(gap: tuple[str, str]) -> None:
    assert words(seen("03:05", gaps=(gap,), called_at="02:00", succeeded_at="02:00"))[0] is DOWN


def test_a_gap_that_lasts_is_our_fault_for_as_long() -> None:
    found = seen("09:00", gaps=(("02:00", "09:00"),), called_at="01:30", succeeded_at="01:30")

    assert words(found)[0] is UNKNOWN
    assert found.again_at == at("10:05")


def test_the_end_of_a_run_may_have_been_said_to_nobody() -> None:
    night: dict[str, Any] = {"called_at": "02:30", "succeeded_at": "01:30", "unfinished_since": "02:30"}
    found = seen("02:40", gaps=(("02:32", "02:36"),), **night)

    assert words(found)[0] is UNKNOWN
    assert found.again_at == at("03:41")
    assert words(seen("03:41", gaps=(("02:32", "02:36"),), **night))[0] is DOWN


def test_a_deadline_nobody_has_signed_for_yet_is_asked_about_again() -> None:
    beat = Beat(since=MADE, called_at=at("02:00"), succeeded_at=at("02:00"))

    unproven = look(HOURLY, beat, Hearing([], at("03:04:58")), at("03:05"))
    proven = look(HOURLY, beat, Hearing([], at("03:05")), at("03:05"))

    assert unproven == Look(None, at("03:05") + ASK_AGAIN_MS)
    assert words(proven)[0] is DOWN


def test_a_failure_it_reported_needs_nobody_who_listens_now() -> None:
    beat = Beat(since=MADE, failed_at=at("02:00"))

    assert words(look(HOURLY, beat, Hearing([Gap(at("02:01"), at("03:00"))], at("02:01")), at("03:00")))[0] is DOWN


TIMES = st.integers(0, 6 * 3_600_000).map(lambda offset: MADE + offset)
GAPS = st.lists(st.tuples(TIMES, st.integers(15_000, 7_200_000)), max_size=4)


@given(st.sampled_from([HOURLY, NIGHTLY, BERLIN]), TIMES, GAPS, TIMES)
def test_laws(settings: HeartbeatSettings, called: int, spans: list[tuple[int, int]], later: int) -> None:
    """What is down stays down until it calls; nothing is waited for that is over; without gaps nothing is unknown."""
    now = max(called, later)
    gaps = [Gap(start, min(start + length, now)) for start, length in sorted(spans) if start < now]
    beat = Beat(since=MADE, called_at=called, succeeded_at=called)

    first, second = (look(settings, beat, Hearing(gaps, moment), moment) for moment in (now, now + 60_000))

    assert first.again_at is None or first.again_at > now
    if not gaps:
        assert first.outcome is not None and first.outcome.status in (UP, DOWN)
    if first.outcome and first.outcome.status is DOWN:
        assert second.outcome is not None and second.outcome.status is DOWN
