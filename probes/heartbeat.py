"""The `heartbeat` monitor: is the job late? A pure function of what it has said and when we listened.

No probe: nobody is asked anything. All times are milliseconds since the Unix epoch.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from is0k.probes.base import Outcome
from is0k.schema.cron import next_time
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.heartbeat_settings import HeartbeatSettings

# The clock of a job may be ahead: a call so little before its time is the one that was due.
EARLY_MS = 5_000
# A job that calls once a period calls about when it is due, give or take its grace, and at least this.
LEAST_SLACK_MS = 60_000
# Where the latest signature does not reach up to a deadline yet, the next one is waited for so long.
ASK_AGAIN_MS = 1_000


class Beat(NamedTuple):
    """What is known of a job. `since` is when waiting began, or began anew."""

    since: int
    called_at: int | None = None
    succeeded_at: int | None = None
    failed_at: int | None = None
    unfinished_since: int | None = None
    exit_code: int | None = None
    excerpt: str | None = None
    run_ms: int | None = None


class Gap(NamedTuple):
    start: int
    end: int


class Hearing(NamedTuple):
    """When nobody listened, the oldest gap first, and until when it is known."""

    gaps: Sequence[Gap] = ()
    until: int = 0

    def latest_gap(self, start: int, end: int) -> Gap | None:
        return next((gap for gap in reversed(self.gaps) if gap.start < end and gap.end > start), None)


class Look(NamedTuple):
    """What is to be said now (None: nothing, it is waited for), and when to look again at the latest."""

    outcome: Outcome | None
    again_at: int | None = None


def look(settings: HeartbeatSettings, beat: Beat, hearing: Hearing, now: int) -> Look:
    if beat.failed_at is not None:
        return Look(_reported_failure(beat))
    gap = None
    if beat.unfinished_since is not None:
        started = max(beat.unfinished_since, beat.since)
        deadline = started + settings.grace_seconds * 1000
        if now < deadline:
            return Look(None if beat.succeeded_at is None else _well(beat), deadline)
        # Its end may have been said to nobody.
        gap = hearing.latest_gap(beat.unfinished_since, deadline)
        if gap is None:
            return _missed(_unfinished(settings, beat, deadline, now), deadline, hearing, now)
    elif beat.succeeded_at is None:
        return Look(None)
    return _look_when_due(settings, beat, hearing, now, gap)


def _look_when_due(settings: HeartbeatSettings, beat: Beat, hearing: Hearing, now: int, gap: Gap | None) -> Look:
    """`gap`: already known to have swallowed a call."""
    grace_ms = settings.grace_seconds * 1000
    last = beat.succeeded_at
    if last is not None and gap is None and now < (deadline := due_after(settings, last) + grace_ms):
        return Look(_well(beat), deadline)
    due = due_after(settings, max(last or 0, beat.since, gap.end if gap else 0))
    while now >= due + grace_ms:
        lost = hearing.latest_gap(due - _slack_ms(settings), due + grace_ms)
        if lost is None:
            return _missed(_silent(settings, beat, due + grace_ms, now), due + grace_ms, hearing, now)
        gap, due = lost, due_after(settings, max(due, lost.end))
    # Without a gap it was resumed, or given another schedule: what it said before is too old to count.
    return Look(_deaf(settings, gap, now) if gap else None, due + grace_ms)


def due_after(settings: HeartbeatSettings, at: int) -> int:
    """When the call after one at that time is due, without grace."""
    if settings.cron is None:
        assert settings.period_seconds is not None
        return at + settings.period_seconds * 1000
    return next_time(settings.cron, settings.timezone, at + EARLY_MS)


def _slack_ms(settings: HeartbeatSettings) -> int:
    """How long before it is due the call may come that is waited for."""
    if settings.period_seconds is None:
        return EARLY_MS
    return min(settings.period_seconds * 1000, max(LEAST_SLACK_MS, settings.grace_seconds * 1000))


def _missed(message: str, deadline: int, hearing: Hearing, now: int) -> Look:
    if hearing.until < deadline:
        return Look(None, now + ASK_AGAIN_MS)
    return Look(Outcome(CheckStatus.DOWN, Reason.MISSED, message))


def _well(beat: Beat) -> Outcome:
    return Outcome(CheckStatus.UP, Reason.OK, latency_ms=None if beat.run_ms is None else float(beat.run_ms))


def _reported_failure(beat: Beat) -> Outcome:
    message = "the job reported failure" + (f": exit code {beat.exit_code}" if beat.exit_code else "")
    detail = {"bodyExcerpt": beat.excerpt} if beat.excerpt else {}
    return Outcome(CheckStatus.DOWN, Reason.BAD_STATUS, message, detail=detail)


def _unfinished(settings: HeartbeatSettings, beat: Beat, deadline: int, now: int) -> str:
    started, expected = _times(settings, now, beat.unfinished_since or beat.since, deadline)
    return f"started {started}, not finished by {expected}"


def _silent(settings: HeartbeatSettings, beat: Beat, deadline: int, now: int) -> str:
    called, expected = _times(settings, now, beat.called_at or beat.since, deadline)
    return f"no call since {called}; expected by {expected} (grace included)"


def _deaf(settings: HeartbeatSettings, gap: Gap, now: int) -> Outcome:
    start, end = _times(settings, now, *gap)
    message = f"is0k could not be called from {start} to {end}"
    return Outcome(CheckStatus.UNKNOWN, Reason.OBSERVER_UNHEALTHY, message)


def _times(settings: HeartbeatSettings, now: int, *times: int) -> list[str]:
    """As the people of the job would say them: in its time zone, with the date where it is another day."""
    zone = UTC if settings.timezone == "UTC" else ZoneInfo(settings.timezone)
    today, *moments = (datetime.fromtimestamp(at / 1000, zone) for at in (now, *times))
    return [
        f"{moment:%H:%M:%S %Z}" if moment.date() == today.date() else f"{moment:%Y-%m-%d %H:%M:%S %Z}"
        for moment in moments
    ]
