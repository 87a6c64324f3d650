"""Time as this process has it: what the machine gives to others meanwhile says nothing about us."""

from pathlib import Path
from time import perf_counter

# https://docs.kernel.org/scheduler/sched-stats.html: nanoseconds run, nanoseconds ready to run but not running, turns.
SCHEDSTAT = Path("/proc/self/schedstat")


def own_time() -> float:
    """In seconds since no moment in particular. It goes on while we wait for something, or block, or work."""
    return perf_counter() - waited_for_processor()


def waited_for_processor() -> float:
    return int(SCHEDSTAT.read_text().split()[1]) / 1e9 if SCHEDSTAT.exists() else 0.0
