"""What a set of processes costs: CPU seconds in a window, by part, and memory at its end."""

from collections.abc import Sequence

from is0k.tests.stage.processes import Process


class Meter:
    """Begins when it is made. User and system time, from /proc; a part that dies meanwhile spoils the measurement."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes
        self._begun = self._cpu_seconds()

    def cpu_ms(self) -> dict[str, float]:
        """Since the beginning, by part."""
        return {part: (now - self._begun[part]) * 1000 for part, now in self._cpu_seconds().items()}

    def memory_mb(self) -> dict[str, float]:
        return {process.part: process.resident_mb for process in self._processes}

    def _cpu_seconds(self) -> dict[str, float]:
        return {process.part: process.cpu_seconds for process in self._processes}
