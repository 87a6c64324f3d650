"""What holds for every history there could be."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from is0k.jobs.telling import Change
from is0k.jobs.verdict import ANYWHERE, SHORTEST_RECHECK_MS, Policy, Result, State, Verdict, View, judge
from is0k.schema.enums import CheckStatus, MonitorStatus

GOOD = (CheckStatus.UP, CheckStatus.DEGRADED)

policies = st.builds(
    Policy,
    st.integers(5_000, 86_400_000),
    st.integers(0, 10),
    st.integers(1, 10),
    st.just(frozenset()),
    st.none(),
    st.just(False),
)
seen = st.sampled_from(CheckStatus)
histories = st.lists(seen, max_size=40)
# Few ticks and two epochs, so that double, late and outdated ones are frequent.
deliveries = st.lists(st.builds(Result, st.integers(1, 30), st.integers(0, 1), seen), max_size=60)


def fold(policy: Policy, results: Iterable[Result], state: State | None = None) -> list[Verdict]:
    """The verdict after each result; first that before all."""
    verdicts = [Verdict(state or State())]
    for result in results:
        verdicts.append(judge(policy, verdicts[-1].state, result))
    return verdicts


def in_order(statuses: Sequence[CheckStatus], after: int = 0) -> list[Result]:
    return [Result(tick, 0, status) for tick, status in enumerate(statuses, after + 1)]


def changes(verdicts: Iterable[Verdict]) -> list[tuple[Change, int]]:
    return [(transition.change, transition.at) for verdict in verdicts for transition in verdict.transitions]


@given(policies, histories)
def test_a_single_failure_never_alerts(policy: Policy, history: list[CheckStatus]) -> None:
    assume(policy.retries >= 1)
    known = [status for status in history if status is not CheckStatus.UNKNOWN]
    assume((CheckStatus.DOWN, CheckStatus.DOWN) not in pairwise(known))

    assert Change.WENT_DOWN not in {change for change, _ in changes(fold(policy, in_order(history)))}


@given(policies, histories, st.data())
def test_an_outage_that_covers_its_confirmations_always_alerts_whatever_was_before(
    policy: Policy, history: list[CheckStatus], data: st.DataObject
) -> None:
    before = fold(policy, in_order(history))[-1].state
    assume(before.status is not MonitorStatus.DOWN)
    # Unknown checks among them do not help it.
    unknown = data.draw(st.lists(st.integers(0, policy.retries + 1), max_size=5))
    outage = [CheckStatus.DOWN] * (policy.retries + 1)
    for place in unknown:
        outage.insert(place, CheckStatus.UNKNOWN)
    verdicts = fold(policy, in_order(outage, len(history)), before)

    first_failing = len(history) + 1 + outage.index(CheckStatus.DOWN)
    view = before.views.get(ANYWHERE, View())
    since = view.run_since if view.run_of is CheckStatus.DOWN else first_failing
    assert verdicts[-1].state.status is MonitorStatus.DOWN
    assert changes(verdicts) == [(Change.WENT_DOWN, since)]


@given(policies, histories, st.lists(st.sampled_from(GOOD), min_size=10, max_size=10))
def test_good_checks_end_an_outage_at_the_first_of_them(
    policy: Policy, history: list[CheckStatus], good: list[CheckStatus]
) -> None:
    outage = [*history, *[CheckStatus.DOWN] * (policy.retries + 1)]
    down = fold(policy, in_order(outage))[-1].state
    verdicts = fold(policy, in_order(good[: policy.recovery_checks], len(outage)), down)

    assert changes(verdicts) == [(Change.CAME_UP, len(outage) + 1)]
    assert verdicts[-1].state.status in (MonitorStatus.UP, MonitorStatus.DEGRADED)


@given(policies, histories)
def test_downs_and_ups_alternate_and_time_goes_forward(policy: Policy, history: list[CheckStatus]) -> None:
    told = changes(fold(policy, in_order(history)))

    outages = [change for change, _ in told if change in (Change.WENT_DOWN, Change.CAME_UP)]
    assert outages == [Change.WENT_DOWN, Change.CAME_UP] * (len(outages) // 2) + outages[:1] * (len(outages) % 2)
    moments = [at for _, at in told]
    assert moments == sorted(set(moments))


@given(policies, histories)
def test_unknown_results_change_neither_status_nor_run(policy: Policy, history: list[CheckStatus]) -> None:
    verdicts = fold(policy, in_order(history))
    known = fold(policy, [result for result in in_order(history) if result.status is not CheckStatus.UNKNOWN])

    def without_sight(state: State) -> State:
        views = {place: view._replace(last_tick=None, is_blind=False) for place, view in state.views.items()}
        return state._replace(views={place: view for place, view in views.items() if view.run_of}, is_blind=False)

    assert without_sight(verdicts[-1].state) == without_sight(known[-1].state)
    assert changes(verdicts) == changes(known)


@given(policies, deliveries)
def test_what_is_refused_leaves_no_trace(policy: Policy, delivered: list[Result]) -> None:
    """Late, double and outdated results might as well never have come: the state and the transitions are those of the
    applied ones alone, and these are in order. Which are applied: those of the epoch that beat every tick before.
    """
    verdicts = fold(policy, delivered)
    applied = [result for result, verdict in zip(delivered, verdicts[1:], strict=True) if verdict.is_applied]

    newest, records = 0, []
    for result in delivered:
        if result.epoch == 0 and result.tick > newest:
            newest = result.tick
            records.append(result)
    assert applied == records
    alone = fold(policy, applied)
    assert verdicts[-1].state == alone[-1].state
    assert changes(verdicts) == changes(alone)


@given(policies, histories, st.randoms())
def test_duplicates_are_harmless_wherever_they_come(policy: Policy, history: list[CheckStatus], random: Random) -> None:
    """In-order delivery with any duplicates, anywhere after the original, is in-order delivery."""
    once, delivered = in_order(history), list[Result]()
    for place, result in enumerate(once):
        delivered += [result, *random.choices(once[: place + 1], k=random.randint(0, 3))]

    assert fold(policy, delivered)[-1].state == fold(policy, once)[-1].state
    assert changes(fold(policy, delivered)) == changes(fold(policy, once))


@given(policies, histories)
def test_a_recheck_is_asked_for_exactly_while_the_run_proves_nothing(
    policy: Policy, history: list[CheckStatus]
) -> None:
    for verdict in fold(policy, in_order(history))[1:]:
        state, view = verdict.state, verdict.state.views[ANYWHERE]
        agrees = view.run_of is None or view.run_of.value == state.status.value
        assert (verdict.recheck_at is None) == agrees
        assert verdict.recheck_at in (None, (state.last_tick or 0) + policy.recheck_ms)


@given(policies)
def test_all_confirmations_start_within_half_an_interval(policy: Policy) -> None:
    assume(policy.interval_ms >= 2 * SHORTEST_RECHECK_MS * policy.retries)

    assert policy.retries * policy.recheck_ms <= policy.interval_ms / 2
