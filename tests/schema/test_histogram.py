"""The histogram against the paper's own implementation (PyPI: ddsketch), and against sorting all values."""

from collections import Counter

import pytest
from ddsketch import DDSketch
from ddsketch.mapping import LogarithmicMapping
from hypothesis import given
from hypothesis import strategies as st

from is0k.schema.histogram import ACCURACY, GAMMA, LARGEST_MS, SMALLEST_MS, Histogram, bucket, value_of

latencies = st.floats(SMALLEST_MS, LARGEST_MS)
many = st.lists(latencies, min_size=1, max_size=200)
percents = st.sampled_from([0, 1, 25, 50, 90, 95, 99, 99.9, 100])


def near(value: float) -> object:
    """Within 1 %, and the last bits of a float."""
    return pytest.approx(value, rel=ACCURACY + 1e-9)


@given(many, percents)
def test_a_percentile_is_within_one_percent_of_the_sorted_values(values: list[float], percent: float) -> None:
    exact = sorted(values)[int(percent / 100 * (len(values) - 1))]

    assert Histogram.of(values).percentile(percent) == near(exact)


@given(many, percents)
def test_a_percentile_is_what_ddsketch_says(values: list[float], percent: float) -> None:
    theirs = DDSketch(ACCURACY)
    for value in values:
        theirs.add(value)

    ours = Histogram.of(values).percentile(percent)

    # A value at the very edge of a bucket may fall to either side: both answers are right within 1 %.
    assert ours == pytest.approx(theirs.get_quantile_value(percent / 100), rel=2 * ACCURACY + 1e-3)


@given(latencies)
def test_the_buckets_are_those_of_ddsketch(value: float) -> None:
    theirs = LogarithmicMapping(ACCURACY)

    assert theirs.gamma == pytest.approx(GAMMA)
    assert abs(bucket(value) - theirs.key(value)) <= (1 if _is_at_an_edge(value) else 0)
    assert value_of(bucket(value)) == near(value)


def _is_at_an_edge(value: float) -> bool:
    return bucket(value * (1 - 1e-9)) != bucket(value * (1 + 1e-9))


@given(st.lists(many, min_size=1, max_size=5))
def test_merging_is_as_good_as_counting_all_at_once(parts: list[list[float]]) -> None:
    merged = Histogram()
    for part in parts:
        merged.merge(Histogram.of(part))

    assert merged.counts == Histogram.of([value for part in parts for value in part]).counts


def test_merging_leaves_the_other_as_it_was() -> None:
    one, other = Histogram.of([1]), Histogram.of([2])
    one.merge(other)

    assert other.counts == Histogram.of([2]).counts


@given(st.lists(latencies, max_size=200))
def test_the_stored_form_reads_back_to_the_same(values: list[float]) -> None:
    histogram = Histogram.of(values)

    assert Histogram.from_bytes(histogram.to_bytes()).counts == histogram.counts


@given(st.dictionaries(st.integers(bucket(SMALLEST_MS), bucket(LARGEST_MS)), st.integers(1, 2**62)))
def test_the_stored_form_holds_counts_of_any_size(counts: dict[int, int]) -> None:
    assert Histogram.from_bytes(Histogram(Counter(counts)).to_bytes()).counts == counts


def test_the_stored_form_of_a_usual_hour_is_small() -> None:
    an_hour = Histogram.of([80 + check % 20 for check in range(60)])

    assert len(an_hour.to_bytes()) < 40
    assert Histogram().to_bytes() == b""


def test_without_checks_there_is_no_percentile() -> None:
    assert Histogram().percentile(50) is None


def test_one_value_is_every_percentile() -> None:
    histogram = Histogram.of([123.0])

    assert {histogram.percentile(percent) for percent in (0, 50, 100)} == {value_of(bucket(123.0))}


@pytest.mark.parametrize(("value", "kept"), [(0, SMALLEST_MS), (-1, SMALLEST_MS), (1e12, LARGEST_MS)])
def test_what_lies_outside_is_kept_at_the_end(value: float, kept: float) -> None:
    assert bucket(value) == bucket(kept)
