"""A latency histogram that can be merged: DDSketch (Masson, Rim, Lee: VLDB 2019), with at most 1 % error.

A value falls into the bucket i with γ^(i-1) < value ≤ γ^i, γ = (1+α)/(1-α), α = 0.01. Merging adds the counts, so a
percentile over any range of hours is as exact as over the checks themselves.
"""

import math
from collections import Counter
from collections.abc import Iterable

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
LOG_GAMMA = math.log(GAMMA)
# Latencies are kept from 1 µs to about 3 hours; both ends of a bucket number then fit 12 bits.
SMALLEST_MS, LARGEST_MS = 0.001, 1e7
OFFSET = 512


class Histogram:
    """Counts of latencies (milliseconds) by bucket. What was stored is read when somebody asks for it."""

    __slots__ = ("_counts", "_stored")

    def __init__(self, counts: Counter[int] | None = None) -> None:
        self._counts: Counter[int] = counts if counts is not None else Counter()
        self._stored: list[bytes] = []

    @property
    def counts(self) -> Counter[int]:
        for data in self._stored:
            _add(self._counts, data)
        self._stored = []
        return self._counts

    @classmethod
    def of(cls, latencies_ms: Iterable[float]) -> "Histogram":
        return cls(Counter(bucket(value) for value in latencies_ms))

    def merge(self, other: "Histogram") -> None:
        self._stored += other._stored
        if other._counts:
            self._counts.update(other._counts)

    def percentile(self, percent: float) -> float | None:
        """The latency that `percent` of the checks did not exceed, within 1 %; None without checks."""
        counts = self.counts
        total = counts.total()
        if not total:
            return None
        rank, seen = percent / 100 * (total - 1), 0
        for index in sorted(counts):
            seen += counts[index]
            if seen > rank:
                return value_of(index)
        raise AssertionError("the counts add up to the total")

    def to_bytes(self) -> bytes:
        """Pairs of variable-length integers: the distance to the bucket before, and the count."""
        out, last, counts = bytearray(), 0, self.counts
        for index in sorted(counts):
            _write(out, index + OFFSET - last)
            _write(out, counts[index])
            last = index + OFFSET
        return bytes(out)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Histogram":
        histogram = cls()
        histogram._stored.append(data)
        return histogram


def bucket(latency_ms: float) -> int:
    return math.ceil(math.log(min(max(latency_ms, SMALLEST_MS), LARGEST_MS)) / LOG_GAMMA)


def value_of(index: int) -> float:
    """The value whose relative distance to both ends of the bucket is the same."""
    return 2 * GAMMA**index / (GAMMA + 1)


def _add(counts: Counter[int], data: bytes) -> None:
    numbers, last = _read(data), -OFFSET
    for distance, count in zip(numbers, numbers, strict=True):
        last += distance
        counts[last] += count


def _write(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _read(data: bytes) -> Iterable[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0
