"""Which state of a noun somebody has read, in a word: it changes with every edit and with nothing else."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def version(updated_at: datetime) -> str:
    """Its last edit to the microsecond: edits of one noun are one after the other, and each takes longer than that."""
    return f"{(updated_at - EPOCH) // timedelta(microseconds=1):x}"
