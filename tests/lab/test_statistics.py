import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annlab.lab.statistics import (
    SCALES,
    Pooled,
    groups_not_separable,
    holm,
    mean_interval,
    one_standard_error_rule,
    paired_test,
    pooled_sd,
    prediction_interval,
    proportion_interval,
)

TRIALS = 2000
NOISE = 4 * math.sqrt(0.05 * 0.95 / TRIALS)  # four standard errors of a simulated 5 % rate


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_mean_interval_equals_the_textbook():
    x = np.array([5.1, 4.9, 5.6, 5.8, 6.0])
    found = mean_interval(x)
    low, high = stats.t.interval(0.95, 4, loc=x.mean(), scale=stats.sem(x))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
    assert (found.mean, found.n, found.std) == (pytest.approx(5.48), 5, pytest.approx(x.std(ddof=1)))


def test_small_samples():
    one, none = mean_interval([3.0]), mean_interval([math.nan])
    assert (one.mean, one.n) == (3.0, 1)
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert none.n == 0
    assert math.isnan(none.mean)
    assert mean_interval([1.0, math.nan, 3.0, math.inf]).n == 2
    equal = mean_interval([0.1] * 7)
    assert (equal.mean, equal.low, equal.high, equal.std) == (0.1, 0.1, 0.1, 0.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval([1.0, 2.0], level=95)


@pytest.mark.parametrize("n", [2, 5, 30])
def test_the_mean_interval_holds_the_mean_as_often_as_it_says(rng, n):
    x = rng.normal(3.0, 2.0, (TRIALS, n))
    missed = np.mean([not interval.low <= 3.0 <= interval.high for interval in map(mean_interval, x)])
    assert missed == pytest.approx(0.05, abs=NOISE)


@pytest.mark.parametrize("n", [2, 5, 30])
def test_the_prediction_interval_holds_a_new_value_as_often_as_it_says(rng, n):
    x, new = rng.normal(3.0, 2.0, (TRIALS, n)), rng.normal(3.0, 2.0, TRIALS)
    missed = np.mean([not interval.low <= value <= interval.high for interval, value in zip(map(prediction_interval, x), new, strict=True)])
    assert missed == pytest.approx(0.05, abs=NOISE)


def test_a_pooled_spread_serves_a_single_value(rng):
    missed = 0
    for _ in range(TRIALS):
        groups = rng.normal(0.0, 1.5, (4, 3)) + rng.normal(0.0, 10.0, (4, 1))
        pooled = pooled_sd(list(groups))
        assert pooled.freedom == 8
        own, new = rng.normal(7.0, 1.5, 2)
        interval = prediction_interval([own], pooled=pooled)
        missed += not interval.low <= new <= interval.high
    assert missed / TRIALS == pytest.approx(0.05, abs=NOISE)


def test_pooled_sd_by_hand():
    pooled = pooled_sd([[1.0, 3.0], [10.0, 10.0, 13.0], [5.0], [math.nan, 2.0]])
    assert pooled == Pooled(pytest.approx(math.sqrt((2.0 + 6.0) / 3)), 3)
    assert pooled_sd([[1.0]]).freedom == 0


def test_wilson_equals_scipy():
    for k, n in [(0, 10), (3, 10), (10, 10), (49, 200)]:
        found, wanted = proportion_interval(k, n), stats.binomtest(k, n).proportion_ci(method="wilson")
        assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)
    with pytest.raises(ValueError, match="between 0 and trials"):
        proportion_interval(3, 2)


@given(st.floats(1e-6, 1 - 1e-3))
def test_scales_go_there_and_back(x):
    for scale in SCALES.values():
        inside = min(max(x, 5e-4), 1 - 5e-4) if scale.name == "logit" else x
        assert float(scale.back(scale.forward(x))) == pytest.approx(inside, rel=1e-9)


def test_what_fits_a_scale():
    assert [SCALES[name].fits([0.0, 0.5]) for name in ("linear", "log", "logit")] == [True, False, True]
    assert not SCALES["logit"].fits([0.5, 1.1])
    assert np.isfinite(SCALES["logit"].forward([0.0, 1.0])).all()


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_the_paired_test_equals_scipy(rng, alternative):
    a, b = rng.normal(0.3, 1.0, 12), rng.normal(0.0, 1.0, 12)
    found = paired_test(a, b, 0.1, alternative)
    assert found.p_value == pytest.approx(stats.ttest_1samp(a - b, 0.1, alternative=alternative).pvalue, rel=1e-10)
    assert (found.method, found.n) == ("t", 12)


def test_the_paired_test_where_there_is_no_spread():
    assert paired_test([2.0, 3.0], [1.0, 2.0], 0.5).p_value == 0.0
    assert paired_test([2.0, 3.0], [1.0, 2.0], 1.5).p_value == 1.0
    assert paired_test([2.0, 3.0], [1.0, 2.0], 1.5, "less").p_value == 0.0
    assert paired_test([1.0], [0.0]).p_value == 1.0
    assert paired_test([1.0, math.nan, 2.0], [0.0, 0.0, math.inf]).n == 1


def test_only_a_generator_and_twenty_pairs_call_for_the_bootstrap(rng):
    d = rng.normal(0.5, 1.0, 20)
    assert paired_test(d).method == "t"
    assert paired_test(d[:19], rng=rng).method == "t"
    by_resampling = paired_test(d, rng=np.random.default_rng(1))
    assert by_resampling.method == "bootstrap"
    assert by_resampling.p_value == pytest.approx(paired_test(d).p_value, abs=0.02)
    assert by_resampling == paired_test(d, rng=np.random.default_rng(1))


@pytest.mark.parametrize(("n", "draw"), [(6, "normal"), (25, "exponential")])
def test_the_paired_test_errs_as_rarely_as_it_says(rng, n, draw):
    trials = 150 if draw == "exponential" else TRIALS
    d = rng.normal(0.2, 1.0, (trials, n)) if draw == "normal" else rng.exponential(0.2, (trials, n))
    generator = rng if draw == "exponential" else None
    p = np.array([[paired_test(x, 0.0, 0.2, side, generator).p_value for side in ("greater", "less")] for x in d])
    assert (np.mean(p <= 0.05, axis=0) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / trials)).all()


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]).tolist() == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, math.nan])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_only_raises_and_keeps_the_order(p):
    adjusted = holm(p)
    assert (adjusted >= np.array(p) - 1e-15).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_holm_keeps_the_error_of_the_whole_family(rng):
    p = np.concatenate([rng.uniform(size=(TRIALS, 5)), rng.beta(0.05, 1.0, (TRIALS, 3))], axis=1)  # five true, three false
    erred = np.mean([(holm(row)[:5] <= 0.05).any() for row in p])
    assert erred <= 0.05 + NOISE


def test_groups_that_cannot_be_told_apart(rng):
    shared = rng.normal(0.0, 5.0, 12)  # replicates differ much, pairs do not
    groups = {"c": shared + 2.0, "a": shared + rng.normal(0, 0.1, 12), "b": shared + rng.normal(0, 0.1, 12), "d": shared + 9.0}
    assert groups_not_separable(groups) == [sorted(["a", "b"], key=lambda name: groups[name].mean()), ["c"], ["d"]]
    assert groups_not_separable(groups, higher=True)[0] == ["d"]
    assert groups_not_separable({"only": [1.0, 2.0]}) == [["only"]]


def test_groups_may_overlap():
    step = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    wobble = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    groups = {"a": step, "b": step + 0.6 + wobble, "c": step + 1.2}
    assert groups_not_separable(groups) == [["a", "b"], ["b", "c"]]


def test_equal_groups_are_seldom_told_apart(rng):
    told_apart = np.mean([len(groups_not_separable(dict(zip("abc", rng.normal(size=(3, 8)), strict=True)))) > 1 for _ in range(400)])
    assert told_apart <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 400)


def test_one_standard_error_rule():
    scores = {"small": [1.1, 1.3], "middle": [1.0, 1.04], "large": [0.9, 1.1]}
    assert one_standard_error_rule(scores, ["small", "middle", "large"]) == "middle"
    assert one_standard_error_rule({"small": [0.5], "large": [0.9]}, ["small", "large"], higher=True) == "large"
    with pytest.raises(ValueError, match="names of the scores"):
        one_standard_error_rule(scores, ["small", "large"])
    with pytest.raises(ValueError, match="finite score"):
        one_standard_error_rule({"small": [math.nan]}, ["small"])
