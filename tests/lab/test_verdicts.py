import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from annlab.lab import Metric, Outcome, Results, Study, best, grid, overrides
from annlab.lab import claims as grammar
from annlab.lab.claims import (
    Test,
    all_of,
    any_of,
    claim,
    derived,
    equal_within,
    from_config,
    greater,
    highest,
    less,
    lowest,
    metric,
    selected,
    selects,
    series,
    timing,
    trend,
    untestable,
)
from annlab.lab.evidence import Evidence
from annlab.lab.inference import evaluate
from annlab.lab.jobs import Failure
from annlab.lab.ledger import parse_ledger
from annlab.lab.results import Record
from annlab.lab.verdicts import FIELDS, VERDICTS, as_records, judge, summary, verify

HEADER = "id,experiment,source,section,kind,quantity,value,unit,comparison,config,statement\n"
TRIALS = 400
NOISE = 4 * math.sqrt(0.05 * 0.95 / TRIALS)


@dataclass(frozen=True)
class Params:
    noise: float = 0.1
    activation: str = "relu"
    epochs: int = 100
    data: str = "noisy_surface"


METRICS = {
    "loss": Metric("loss", scale="log", better="lower"),
    "accuracy": Metric("accuracy", unit="fraction", scale="logit", better="higher"),
    "gap": Metric("gap"),
    "epoch": Metric("epoch"),
}


class Bench:
    """A ledger, a study and results of one's own making: rows by `row`, mappings by `claim`, records by `fill`."""

    def __init__(self, patch):
        self.lines, self.claims, self.patch, self.options = [], [], patch, {}

    def row(self, name, kind="measured", value="", comparison="", config="{}", unit=""):
        comparison = comparison or ("approx" if value else "")
        config = config.replace('"', '""')
        self.lines.append(f'toy.{name},toy,report-A,1,{kind},q,{value},{unit},{comparison},"{config}",It is so.\n')
        self.patch.setattr(grammar, "rows", lambda study: tuple(parse_ledger(HEADER + "".join(self.lines)).values()))

    def claim(self, name, *args, **options):
        self.claims.append(claim(f"toy.{name}", *args, **options))

    @property
    def study(self):
        given = {
            "grid": grid(noise=[0.1, 0.5, 1.0], activation=["relu", "tanh"]),
            "profiles": {"quick": overrides(epochs=10)},
            "select": best("loss"),
            "final": lambda params, ctx: None,
            "data": lambda params: (params.data,),
            "cost": lambda params: 2.0,
            "metrics": METRICS,
        }
        return Study("toy", "Toy", {}, 1, Params(), lambda params, ctx: None, claims=self.claims, **{**given, **self.options})

    def results(self, make, profile="full", n=10, **options):
        """Results with ``make(params, replicate)`` giving an outcome, its metrics, a failure or None for what is not stored."""
        study = self.study
        records = []
        design = study.design(profile)
        for cell in design.cells:
            for replicate in range(n):
                made = make(cell.params, replicate)
                made = Outcome(metrics=made) if isinstance(made, dict) else made
                if isinstance(made, Failure):
                    records.append(Record(cell, replicate, None, failure=made))
                else:
                    records.append(Record(cell, replicate, made, **options))
        return Results.from_records(study, design, records)

    def judge(self, make, **options):
        return judge(self.study, self.results(make, **options))

    def one(self, make, **options):
        (verdict,) = self.judge(make, **options)
        return verdict


@pytest.fixture
def bench(monkeypatch):
    return Bench(monkeypatch)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def losses(values, metric_name="loss"):
    """The same sample in every cell."""
    return lambda params, replicate: {metric_name: float(values[replicate])} if replicate < len(values) else None


HERE = {"noise": 0.1, "activation": "relu"}
NARROW = [0.100, 0.102, 0.098, 0.101, 0.099, 0.100, 0.103, 0.097, 0.100, 0.101]


@pytest.mark.parametrize(
    ("value", "sample", "tolerance", "wanted"),
    [
        ("0.101", NARROW, 0.1, "reproduced"),
        ("0.101", NARROW, 0.01, "undecided"),
        ("0.2", NARROW, 0.1, "exceeded"),
        ("0.05", NARROW, 0.1, "refuted"),
        ("0.1", NARROW[:4], 0.1, "undecided"),
        ("0.1", [0.125] * 6, 0.1, "reproduced"),  # no spread: 0.125 prints as 0.1
        ("0.10", [0.125] * 6, 0.1, "refuted"),
        ("0.1", [math.nan] * 10, 0.1, "undecided"),
    ],
)
def test_measured_rows(bench, value, sample, tolerance, wanted):
    bench.row("a", value=value)
    bench.claim("a", metric("loss"), cell=HERE, tolerance=tolerance)
    verdict = bench.one(losses(sample), n=len(sample))
    # four replicates of six cells have a pooled spread: ask that it is not used where the pool is empty
    if len(sample) == 4:
        assert verdict.verdict == "reproduced"
        bench.claims.clear()
        bench.claim("a", metric("loss"), cell=HERE, tolerance=tolerance, pool={"noise": []})
        verdict = bench.one(losses(sample), n=4)
    assert verdict.verdict == wanted
    assert (verdict.profile, verdict.claimed) == ("full", float(value))


def test_a_small_sample_takes_the_pooled_spread_with_its_freedom(bench, rng):
    bench.row("a", value="2.00")
    bench.claim("a", metric("gap"), cell=HERE, tolerance=5)
    values = {(n, a): 2 + rng.normal(size=2) for n in (0.1, 0.5, 1.0) for a in ("relu", "tanh")}
    verdict = bench.one(lambda p, r: {"gap": float(values[p.noise, p.activation][r])}, n=2)
    fewer = bench.one(lambda p, r: {"gap": float(values[p.noise, p.activation][r])} if p.noise < 1 else {"loss": 1.0}, n=2)
    assert math.isfinite(fewer.low)  # cells without the metric take no part
    assert fewer.low != verdict.low
    spread = math.sqrt(np.mean([np.var(pair, ddof=1) for pair in values.values()]))
    half = stats.t.ppf(0.975, 6) * spread * math.sqrt(1.5)
    assert (verdict.high - verdict.low) / 2 == pytest.approx(half)
    assert (verdict.verdict, verdict.n) == ("reproduced", 2)


@pytest.mark.parametrize(
    ("name", "draw"),
    [("gap", lambda g, size: g.normal(3, 2, size)), ("loss", lambda g, size: g.lognormal(-2, 0.7, size))],
)
def test_true_claims_are_refuted_no_more_often_than_stated(bench, rng, name, draw):
    """A report's run and ours come from one distribution; each row is a claim of its own."""
    samples, claimed = draw(rng, (TRIALS, 6)), draw(rng, TRIALS)
    for i in range(TRIALS):
        bench.row(f"r{i}", value=f"{claimed[i]:.12f}", config=json.dumps({"index": i}))
        bench.claim(f"r{i}", series("values", "value", index=i, scale=METRICS[name].scale, better="lower"), cell=HERE, tolerance=1e9)
    made = lambda p, r: Outcome(series={"values": {"index": np.arange(TRIALS), "value": samples[:, r]}}) if p == Params() else None  # noqa: E731
    verdicts = bench.judge(made, n=6)
    outside = np.mean([verdict.verdict in ("refuted", "exceeded") for verdict in verdicts])
    refuted = np.mean([verdict.verdict == "refuted" for verdict in verdicts])
    assert outside == pytest.approx(0.05, abs=NOISE)
    assert refuted <= 0.025 + NOISE
    assert summary(verdicts).expected_false_refutations == pytest.approx(0.025 * TRIALS)


def test_rounding_widens_the_claim(bench):
    sample = [1.0, 1.01, 0.99, 1.005, 0.995, 1.0]
    for name, value in (("coarse", "1.1"), ("fine", "1.10")):
        bench.row(name, value=value)
        bench.claim(name, metric("gap"), cell=HERE, tolerance=0.1)
    coarse, fine = bench.judge(losses(sample, "gap"), n=6)
    assert (coarse.verdict, fine.verdict) == ("refuted", "refuted")
    bench.row("coarser", value="1")
    bench.claim("coarser", metric("gap"), cell=HERE, tolerance=0.1)
    assert bench.judge(losses([1.4, 1.41, 1.39, 1.4, 1.4, 1.41], "gap"), n=6)[-1].verdict == "reproduced"


def test_proportions_are_compared_as_logits_in_the_ledgers_unit(bench):
    bench.row("a", value="98.10", unit="%")
    bench.claim("a", metric("accuracy"), cell=HERE, tolerance=1.0)
    verdict = bench.one(losses([0.981, 0.982, 0.980, 0.979, 0.983, 0.981], "accuracy"), n=6)
    assert verdict.verdict == "reproduced"
    assert verdict.measured == pytest.approx(98.1, abs=0.05)
    assert 97 < verdict.low < 98.1 < verdict.high < 99
    assert bench.one(losses([0.991, 0.992, 0.990, 0.989, 0.993, 0.991], "accuracy"), n=6).verdict == "exceeded"


def test_counted_proportions_without_spread_keep_the_spread_of_counting(bench):
    bench.row("a", value="0.985")
    bench.claim("a", metric("accuracy"), cell=HERE, tolerance=0.1)
    assert bench.one(losses([1.0] * 8, "accuracy"), n=8).verdict == "exceeded"
    bench.claims.clear()
    bench.claim("a", metric("accuracy", trials=100), cell=HERE, tolerance=0.1)
    assert bench.one(losses([1.0] * 8, "accuracy"), n=8).verdict == "reproduced"


@pytest.mark.parametrize(
    ("comparison", "value", "wanted"),
    [
        ("at-most", "0.2", "reproduced"),
        ("at-most", "0.05", "refuted"),
        ("at-most", "0.100", "undecided"),
        ("at-least", "0.05", "reproduced"),
        ("at-least", "0.2", "exceeded"),
    ],
)
def test_bounds(bench, comparison, value, wanted):
    bench.row("a", value=value, comparison=comparison)
    bench.claim("a", metric("loss"), cell=HERE)
    assert bench.one(losses(NARROW)).verdict == wanted


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        ([1999] * 10, "reproduced"),
        ([1999] * 9 + [1800], "reproduced"),
        ([1999] * 5 + [1800] * 5, "undecided"),
        ([1500, 1501, 1502, 1499, 1500, 1500, 1501, 1500, 1500, 1499], "refuted"),
        ([1998] * 10, "refuted"),
        ([1998] * 6, "undecided"),
        ([1900, 1950, 2050, 2100, 1980, 2010, 1920, 2030, 1940, 2060], "undecided"),
    ],
)
def test_whole_numbers_stated_exactly(bench, sample, wanted):
    bench.row("a", value="1999", comparison="equal")
    bench.claim("a", metric("epoch"), cell=HERE)
    assert bench.one(losses(sample, "epoch"), n=len(sample)).verdict == wanted


@pytest.mark.parametrize("draw", [lambda g, n: g.poisson(3, n), lambda g, n: g.integers(1, 4, n), lambda g, n: g.binomial(1, 1 / 8, n)])
def test_true_whole_numbers_are_seldom_refuted(bench, rng, draw):
    from annlab.lab.comparison import compare_sample
    from annlab.lab.evidence import Sample

    bench.row("a", value="3", comparison="equal")
    (row,) = grammar.rows("toy")
    refuted = 0
    for _ in range(TRIALS):
        *ours, theirs = draw(rng, 8).tolist()
        refuted += compare_sample(row, float(theirs), 0.5, Sample(dict(enumerate(ours)), discrete=True), None).verdict == "refuted"
    assert refuted / TRIALS <= 0.05 + NOISE


def test_derived_rows(bench):
    bench.row("right", "derived", "0.3543")
    bench.row("tie", "derived", "0.14", config='{"x": 1}')
    bench.row("wrong", "derived", "5.5432")
    bench.row("cut", "derived", "0.9859")
    bench.row("count", "derived", "271", comparison="equal")
    bench.row("formula", "derived")
    bench.row("shape", "derived")
    numbers = {"toy.right": 0.354344, "toy.tie": 0.135, "toy.wrong": 5.543939, "toy.cut": 0.985996, "toy.count": 272}
    bench.claim("[rtwc]*", derived(lambda row: numbers[row.id]))
    bench.claim("formula", derived(lambda row: (False, "the sign is the other way round")))
    bench.claim("shape", value=derived(lambda row: True))
    verdicts = {verdict.id: verdict for verdict in bench.judge(losses([]), n=0)}
    words = {name[4:]: verdict.verdict for name, verdict in verdicts.items()}
    assert words == {
        "right": "reproduced",
        "tie": "reproduced",
        "wrong": "refuted",
        "cut": "refuted",
        "count": "refuted",
        "formula": "refuted",
        "shape": "reproduced",
    }
    assert verdicts["toy.wrong"].reason == "the right value is 5.543939, not 5.5432"
    assert verdicts["toy.cut"].reason.endswith("cut off, not rounded")
    assert "other way round" in verdicts["toy.formula"].reason
    assert verdicts["toy.right"].measured == 0.354344
    assert all((verdict.n, verdict.profile, verdict.low) == (None, None, None) for verdict in verdicts.values())
    assert summary(verdicts.values()).expected_false_refutations == 0


def test_a_calculation_must_give_what_the_row_states(bench):
    bench.row("a", "derived", "1.0")
    bench.claim("a", derived(lambda row: True))
    with pytest.raises(ValueError, match=r"toy\.a: the row states a number"):
        bench.judge(losses([]))
    bench.claims[0] = claim("toy.a", derived(lambda row: math.nan))
    with pytest.raises(ValueError, match="the row states a number"):
        bench.judge(losses([]))


def test_derived_rows_may_be_read_from_an_exact_metric(bench):
    bench.row("a", "derived", "0.500")
    bench.claim("a", metric("gap"), cell=HERE)
    assert bench.one(losses([0.5004], "gap"), n=1).verdict == "reproduced"
    assert bench.one(losses([0.51], "gap"), n=1).verdict == "refuted"
    assert bench.one(losses([0.5, 0.6], "gap"), n=2).verdict == "undecided"


def test_untestable_rows(bench):
    bench.row("a", "qualitative")
    bench.claim("a", untestable("it names no quantity"))
    verdict = bench.one(losses([]))
    assert (verdict.verdict, verdict.reason) == ("untestable", "it names no quantity")


def test_a_scaled_run_never_answers(bench):
    bench.row("m", value="0.1")
    bench.row("q", "qualitative")
    bench.row("s", value="1", comparison="equal")
    bench.claim("m", metric("loss"), cell=HERE, tolerance=1)
    bench.claim("q", trend(metric("loss"), "noise", "up"), cell={"activation": "relu"})
    bench.claim("s", selected(lambda p: round(p.noise)))
    verdicts = bench.judge(losses(NARROW), profile="quick")
    assert [verdict.verdict for verdict in verdicts] == ["not-run"] * 3
    assert all("scaled: the quick profile has epochs 10 instead of 100" in verdict.reason for verdict in verdicts)
    bench.claims[0] = claim("toy.m", metric("loss"), cell=HERE, tolerance=1, free=["epochs"])
    assert bench.judge(losses(NARROW), profile="quick")[0].verdict == "reproduced"


def test_a_stale_run_never_answers(bench):
    bench.row("a", value="0.1")
    bench.claim("a", metric("loss"), cell=HERE, tolerance=1)
    verdict = bench.one(losses(NARROW), stale=True)
    assert verdict.verdict == "not-run"
    assert "stale" in verdict.reason
    assert "--fresh" in verdict.command


@pytest.mark.parametrize("free", [(), ("data",)])
def test_stand_in_data_never_answer(bench, free):
    bench.row("a", value="0.1")
    bench.claim("a", metric("loss"), cell=HERE, tolerance=1, free=free)
    bench.options = {"profiles": {"quick": overrides(data="five_surfaces"), "full": overrides(data="course_regression")}}
    verdict = bench.one(losses(NARROW), profile="quick")
    assert verdict.verdict == "not-run"
    assert ("stand-in data" if free else "five_surfaces instead of course_regression") in verdict.reason
    assert bench.one(losses(NARROW)).verdict == "reproduced"


def test_what_is_not_run_names_its_cost_and_command(bench):
    bench.row("a", value="0.1")
    bench.claim("a", metric("loss"), cell=HERE, tolerance=1)
    verdict = bench.one(lambda params, replicate: None)
    assert (verdict.verdict, verdict.reason, verdict.cost_seconds) == ("not-run", "not run", 20.0)
    assert verdict.command == "annlab run toy --profile full --where noise=0.1 --where activation=relu"
    assert verdict.record()["reason"] == f"not run; about 20 s: {verdict.command}"
    assert judge(bench.study, [])[0].verdict == "not-run"


def test_the_first_complete_profile_answers(bench):
    bench.row("a", value="0.1")
    bench.claim("a", metric("loss"), cell=HERE, tolerance=1)
    bench.options = {"profiles": {"standard": overrides(replicates=5)}, "replicates": 10}
    full, standard = bench.results(losses(NARROW[:3]), n=10), bench.results(losses(NARROW), "standard", n=5)
    assert judge(bench.study, {"full": full, "standard": standard})[0].profile == "standard"
    part = bench.results(losses(NARROW[:6]), n=10)
    (verdict,) = judge(bench.study, [part])
    assert (verdict.verdict, verdict.n) == ("reproduced", 6)
    assert judge(bench.study, {"full": part, "standard": standard})[0].profile == "standard"
    assert judge(bench.study, {"full": bench.results(losses(NARROW)), "standard": standard})[0].profile == "full"


def test_failed_and_diverged_replicates_are_left_out_and_told(bench):
    bench.row("a", value="0.100")
    bench.claim("a", metric("loss"), cell=HERE, tolerance=1)
    failure = Failure("k", "toy", "trial", {}, (0,), "raised", "it broke")
    values = [failure, {"loss": math.nan}, {"loss": math.inf}, *({"loss": value} for value in NARROW[3:])]
    verdict = bench.one(lambda params, replicate: values[replicate])
    assert (verdict.verdict, verdict.n) == ("reproduced", 7)
    assert "3 replicates failed or diverged" in verdict.reason
    verdict = bench.one(lambda params, replicate: failure)
    assert (verdict.verdict, verdict.n) == ("undecided", 0)


VARIED = {"cell": {"noise": 0.1}, "variants": {"activation": ["relu", "tanh"]}, "tolerance": 0.2}


@pytest.mark.parametrize(
    ("relu", "tanh", "wanted"),
    [
        (1.0, 1.0, "reproduced"),
        (1.0, 5.0, "reproduced"),
        (5.0, 5.0, "refuted"),
        (0.2, 0.2, "exceeded"),
        (0.2, 5.0, "refuted"),
        (5.0, 1.0, "undecided"),
        (5.0, None, "undecided"),
        (None, 1.0, "not-run"),
    ],
)
def test_settings_left_out_by_the_report(bench, relu, tanh, wanted):
    bench.row("a", value="0.1000")
    bench.claim("a", metric("loss"), **VARIED)
    factors = {"relu": relu, "tanh": tanh}
    verdict = bench.one(lambda p, r: {"loss": NARROW[r] * factors[p.activation]} if factors[p.activation] else None)
    assert verdict.verdict == wanted
    if wanted == "undecided":
        assert "set-up is not stated: activation" in verdict.reason


def test_a_chosen_setting_without_an_alternative_refutes_nothing(bench):
    bench.row("a", value="0.5")
    bench.claim("a", metric("loss"), cell=HERE, chosen=["activation"], tolerance=0.2)
    verdict = bench.one(losses(NARROW))
    assert verdict.verdict == "undecided"
    assert "activation chosen by us" in verdict.reason
    assert verdict.risk == 0


def steps(slope, rng, n=10, spread=0.05):
    """Metric `gap` with a mean of slope x noise."""
    errors = rng.normal(0, spread, (2, 3, n))
    where = {0.1: 0, 0.5: 1, 1.0: 2}
    return lambda p, r: {"gap": slope * p.noise + errors[int(p.activation == "tanh"), where[p.noise], r] + 0.3 * math.sin(r), "loss": 1.0}


GAP = metric("gap")
LOW, HIGH = GAP.at(noise=0.1), GAP.at(noise=1.0)


@pytest.mark.parametrize(
    ("test", "slope", "wanted"),
    [
        (greater(HIGH, LOW), 1.0, "reproduced"),
        (greater(HIGH, LOW), -1.0, "refuted"),
        (greater(HIGH, LOW), 0.0, "undecided"),
        (less(HIGH, LOW), -1.0, "reproduced"),
        (greater(HIGH, LOW, margin=0.5), 0.3, "undecided"),
        (greater(HIGH, LOW, margin=0.5, contrary="below-margin"), 0.3, "refuted"),
        (greater(HIGH, -5.0), 0.0, "reproduced"),
        (equal_within(HIGH, LOW, 0.2), 0.0, "reproduced"),
        (equal_within(HIGH, LOW, 0.2), 1.0, "refuted"),
        (equal_within(HIGH, LOW, 0.03), 0.03, "undecided"),
        (trend(GAP, "noise", "up", margin=0.1), 1.0, "reproduced"),
        (trend(GAP, "noise", "down"), 1.0, "refuted"),
        (trend(GAP, "noise", "down"), 0.0, "undecided"),
        (lowest(GAP, "noise", at=0.1), 1.0, "reproduced"),
        (lowest(GAP, "noise", at=0.5), 1.0, "refuted"),
        (highest(GAP, "noise", at=1.0), 1.0, "reproduced"),
        (all_of(greater(HIGH, LOW), greater(HIGH, GAP.at(noise=0.5))), 1.0, "reproduced"),
        (all_of(greater(HIGH, LOW), less(HIGH, LOW)), 1.0, "refuted"),
        (any_of(greater(HIGH, LOW), less(HIGH, LOW)), 1.0, "reproduced"),
        (any_of(less(HIGH, LOW), less(HIGH, GAP.at(noise=0.5))), 1.0, "refuted"),
    ],
)
def test_qualitative_rows(bench, rng, test, slope, wanted):
    bench.row("a", "qualitative")
    bench.claim("a", test, cell={"activation": "relu"})
    verdict = bench.one(steps(slope, rng))
    assert verdict.verdict == wanted
    assert (verdict.n, verdict.profile) == (10, "full")


def test_the_fitted_change_is_the_slope_times_the_range(bench):
    bench.row("a", "qualitative")
    bench.claim("a", trend(GAP, "noise", "down"), cell={"activation": "relu"})
    verdict = bench.one(lambda p, r: {"gap": -2.0 * p.noise + 0.01 * r * (p.noise - 0.5)})
    assert verdict.verdict == "reproduced"
    assert verdict.measured == pytest.approx(0.9 * (-2.0 + 0.01 * 4.5))


def test_ratios_on_the_log_scale(bench, rng):
    bench.row("a", "qualitative")
    bench.claim("a", greater(metric("loss").at(noise=1.0), metric("loss").at(noise=0.1), margin=0.5), cell={"activation": "relu"})
    spread = rng.lognormal(0, 0.02, (10, 2))
    make = lambda p, r: {"loss": float((2.0 if p.noise == 1.0 else 1.0) * spread[r, int(p.noise == 1.0)])}  # noqa: E731
    verdict = bench.one(make)
    assert verdict.verdict == "reproduced"
    assert verdict.measured == pytest.approx(2.0, rel=0.05)
    for margin, wanted in ((0.9, "reproduced"), (1.1, "undecided")):  # a margin of 0.9 asks for a ratio of 1.9
        bench.claims[0] = claim(
            "toy.a", greater(metric("loss").at(noise=1.0), metric("loss").at(noise=0.1), margin=margin), cell={"activation": "relu"}
        )
        assert bench.one(make).verdict == wanted


def test_joined_tests_are_corrected_for_their_number(bench, rng):
    bench.row("a", "qualitative")
    (row,) = grammar.rows("toy")
    evidence = Evidence(bench.study, bench.results(steps(0.05, rng)))
    ask = lambda test: evaluate(test, evidence, row, {"activation": "relu"}, frozenset())  # noqa: E731
    single = greater(HIGH, LOW)
    one, both, either = ask(single), ask(all_of(single, single)), ask(any_of(single, single))
    assert 0 < one.shown < 0.5 < one.contrary < 1
    assert (both.shown, both.contrary) == (one.shown, 1.0)
    assert (either.shown, either.contrary) == (pytest.approx(2 * one.shown), one.contrary)
    assert one.p_value == pytest.approx(2 * one.shown)
    reverse = less(HIGH, LOW)
    assert ask(all_of(reverse, reverse)).contrary == pytest.approx(2 * ask(reverse).contrary)


def test_functions_of_ones_own_see_only_the_cells_they_name(bench):
    bench.row("a", "qualitative")
    seen = []

    def growing(results):
        seen.append(sorted({cell.params.noise for cell in results.cells}))
        table = results.table.pivot_table(index="replicate", columns="noise", values="gap")
        return Test("growth", (table[1.0] - table[0.1]).to_dict(), margin=0.1)

    bench.claim("a", growing, cell={"activation": "relu", "noise": [0.1, 1.0]})
    verdict = bench.one(lambda p, r: {"gap": p.noise + 0.001 * r * p.noise})
    assert verdict.verdict == "reproduced"
    assert verdict.reason.startswith("growth: difference 0.9")
    assert seen == [[0.1, 1.0]]
    partly = bench.one(lambda p, r: {"gap": p.noise} if p.noise < 1 else None)
    assert partly.verdict == "not-run"


def test_few_pairs_decide_nothing_and_many_lost_pairs_neither(bench, rng):
    bench.row("a", "qualitative")
    bench.claim("a", greater(HIGH, LOW), cell={"activation": "relu"})
    assert "4 pairs of replicates; 5 are needed" in bench.one(steps(1.0, rng), n=4).reason
    make = steps(1.0, rng)
    lose = lambda k: lambda p, r: {"gap": math.nan} if r < k and p.noise == 1.0 else make(p, r)  # noqa: E731
    kept = bench.one(lose(1))
    assert (kept.verdict, kept.n) == ("reproduced", 9)
    assert "1 without a finite number left out" in kept.reason
    lost = bench.one(lose(2))
    assert lost.verdict == "undecided"
    assert "2 of 10 pairs failed or diverged" in lost.reason


def test_rows_that_name_another_row(bench, rng):
    bench.row("low", value="0.1", config='{"level": 0.1}')
    bench.row("more", "qualitative", comparison="greater-than:toy.low")
    bench.row("fewer", "qualitative", comparison="less-than:toy.low")
    bench.claim("low", GAP, cell={"noise": from_config("level"), "activation": "relu"}, tolerance=1)
    bench.claim("more", GAP, cell={"noise": 1.0, "activation": "relu"}, margin=0.2)
    bench.claim("fewer", GAP, cell={"noise": 1.0, "activation": "relu"})
    _, more, fewer = bench.judge(steps(1.0, rng))
    assert (more.verdict, fewer.verdict) == ("reproduced", "refuted")
    assert more.measured == pytest.approx(0.9, abs=0.1)


def test_exact_comparisons_need_one_replicate(bench):
    bench.row("before", "derived", "1.8")
    bench.row("after", "qualitative", comparison="less-than:toy.before")
    bench.row("later", "qualitative", comparison="less-than:toy.before")
    bench.claim("before", derived(lambda row: 1.848))
    bench.claim("after", metric("gap", exact=True), cell=HERE)
    bench.claim("later", derived(lambda row: 1.2))
    _, after, later = bench.judge(losses([9.98], "gap"), n=1)
    assert (after.verdict, later.verdict, later.profile) == ("refuted", "reproduced", None)
    assert (after.reason, after.measured, after.low) == ("difference 8.132, exact", pytest.approx(8.132), None)
    assert bench.judge(losses([1.0], "gap"), n=1)[1].verdict == "reproduced"


def test_exact_equality_needs_one_replicate(bench):
    exact = metric("gap", exact=True)
    for name, margin in (("near", 0.6), ("far", 0.4)):
        bench.row(name, "qualitative")
        bench.claim(name, equal_within(exact.at(noise=1.0), exact.at(noise=0.5), margin), cell={"activation": "relu"})
    near, far = bench.judge(lambda p, r: {"gap": p.noise}, n=1)
    assert (near.verdict, far.verdict, near.reason) == ("reproduced", "refuted", "difference 0.5, exact")


def test_qualitative_rows_with_unstated_settings(bench, rng):
    bench.row("a", "qualitative")
    bench.claim("a", greater(HIGH, LOW), variants={"activation": ["relu", "tanh"]})
    assert bench.one(steps(1.0, rng)).verdict == "reproduced"
    assert bench.one(steps(-1.0, rng)).verdict == "refuted"
    up, down = steps(1.0, rng), steps(-1.0, rng)
    mixed = bench.one(lambda p, r: (down if p.activation == "relu" else up)(p, r))
    assert mixed.verdict == "undecided"
    assert "set-up is not stated: activation" in mixed.reason
    assert bench.one(lambda p, r: (up if p.activation == "relu" else down)(p, r)).verdict == "reproduced"


def test_the_tests_of_a_study_err_together_as_rarely_as_stated(bench, rng):
    """Ten tests of no difference; the family-wise error of Holm, over simulated studies."""
    for i in range(10):
        bench.row(f"r{i}", "qualitative")
        bench.claim(f"r{i}", greater(metric(f"m{i}").at(noise=1.0), metric(f"m{i}").at(noise=0.1)), cell={"activation": "relu"})
    erred, trials, used = 0, 100, {0.1: 0, 1.0: 1}
    for _ in range(trials):
        x = rng.normal(size=(2, 6, 10))
        verdicts = bench.judge(
            lambda p, r, x=x: {f"m{i}": x[used[p.noise], r, i] for i in range(10)} if p.noise in used and p.activation == "relu" else None,
            n=6,
        )
        erred += any(verdict.verdict != "undecided" for verdict in verdicts)
    assert erred / trials <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)


def test_selections_are_judged_by_replicate(bench, rng):
    bench.row("noise", value="0.1", comparison="equal")
    bench.row("half", value="0.5", comparison="equal")
    bench.row("name", "qualitative")
    bench.row("wrong", "qualitative")
    bench.claim("noise", selected("noise"))
    bench.claim("half", selected(lambda p: p.noise))
    bench.claim("name", selects(activation="tanh"))
    bench.claim("wrong", selects(lambda p: p.activation == "relu"))
    make = lambda p, r: {"loss": p.noise + (p.activation == "relu") + 0.01 * r}  # noqa: E731
    verdicts = bench.judge(make, n=12)
    assert [verdict.verdict for verdict in verdicts] == ["reproduced", "refuted", "reproduced", "refuted"]
    assert (verdicts[0].measured, verdicts[2].measured) == (0.1, 1.0)
    assert all("12 of 12" in verdict.reason for verdict in verdicts[:1])
    part = bench.judge(lambda p, r: make(p, r) if p.noise < 1 else None)
    assert {verdict.verdict for verdict in part} == {"not-run"}


def test_the_final_stage_answers_where_the_selection_is_complete(bench):
    bench.row("a", value="0.1")
    bench.claim("a", metric("loss", stage="final"), cell={"activation": "relu"}, tolerance=0.2)

    def with_final(missing=()):
        results = bench.results(lambda p, r: None if p.noise in missing else {"loss": p.noise}, n=10)
        cell = results.cells[0]
        finals = [Record(cell, r, Outcome(metrics={"loss": NARROW[r]}), "final") for r in range(10)]
        return Results.from_records(bench.study, results.design, [*results.records, *finals])

    assert judge(bench.study, with_final())[0].verdict == "reproduced"
    assert judge(bench.study, with_final(missing=[1.0]))[0].verdict == "not-run"
    bench.claims[0] = claim("toy.a", metric("loss", stage="final"), cell={"activation": "tanh"}, tolerance=0.2)
    (verdict,) = judge(bench.study, with_final())
    assert (verdict.verdict, "activation relu instead of tanh" in verdict.reason) == ("not-run", True)


def test_durations_are_compared_as_ratios_within_the_report(bench):
    bench.row("base", value="10.0", unit="s")
    bench.row("slow", value="30.0", unit="s")
    bench.claim("base", untestable("the hardware is unknown; other durations are compared with this one"))
    bench.claim("slow", timing("fit"), cell={"noise": 1.0, "activation": "relu"}, tolerance=0.5, relative_to="toy.base")
    with pytest.raises(ValueError, match=r"toy\.base.*has no value"):
        bench.judge(lambda p, r: Outcome(timings={"fit": 1.0}))
    bench.claims[0] = claim("toy.base", timing("fit"), cell=HERE, tolerance=0.5, chosen=["epochs"])
    make = lambda k: lambda p, r: Outcome(timings={"fit": (k if p.noise == 1.0 else 1.0) * 0.02 * NARROW[r]})  # noqa: E731
    assert bench.judge(make(3.0))[1].verdict == "reproduced"
    faster = bench.judge(make(1.5))[1]
    assert (faster.verdict, faster.measured) == ("exceeded", pytest.approx(15.0))
    bench.claims[1] = replace(bench.claims[1], chosen=("hardware",))
    other_machine = bench.judge(make(1.5))[1]
    assert (other_machine.verdict, other_machine.measured) == ("undecided", pytest.approx(15.0))
    assert "hardware chosen by us, without an alternative" in other_machine.reason
    assert bench.judge(make(3.0))[1].verdict == "reproduced"


def test_few_durations_take_the_pooled_spread_of_both_sides(bench, rng):
    bench.row("base", value="10.0", unit="s")
    bench.row("slow", value="30.0", unit="s")
    bench.claim("base", timing("fit"), cell=HERE, tolerance=0.5, chosen=["epochs"])
    bench.claim("slow", timing("fit"), cell={"noise": 1.0, "activation": "relu"}, tolerance=0.5, relative_to="toy.base")
    logs = {(n, a): rng.normal(math.log(3.0) * (n == 1.0), 0.05, size=3) for n in (0.1, 0.5, 1.0) for a in ("relu", "tanh")}
    found = bench.judge(lambda p, r: Outcome(timings={"fit": math.exp(logs[p.noise, p.activation][r])}), n=3)[1]
    spread = math.sqrt(2 * np.mean([np.var(each, ddof=1) for each in logs.values()]))  # that of a difference of two runs
    half = stats.t.ppf(0.975, 12) * spread * math.sqrt(1 + 1 / 3)
    middle = np.mean(logs[1.0, "relu"] - logs[0.1, "relu"]) + math.log(10.0)
    assert (math.log(found.low), math.log(found.high)) == pytest.approx((middle - half, middle + half))
    assert (found.verdict, found.n) == ("reproduced", 3)


def test_records_are_json_with_exactly_the_published_fields(bench, rng):
    bench.row("a", value="0.1")
    bench.row("b", "qualitative")
    bench.row("c", "qualitative")
    bench.claim("a", metric("loss"), cell=HERE, tolerance=1)
    bench.claim("b", greater(HIGH, LOW), cell={"activation": "relu"})
    bench.claim("c", untestable("no"))
    for make in (steps(1.0, rng), lambda p, r: None, lambda p, r: {"loss": math.nan, "gap": math.inf}, losses([1.0])):
        records = as_records(bench.judge(lambda p, r, make=make: {"gap": 1.0, **made} if isinstance(made := make(p, r), dict) else made))
        parsed = json.loads(json.dumps(records, allow_nan=False))
        assert [list(record) for record in parsed] == [list(FIELDS)] * 3
        assert all(record["verdict"] in VERDICTS and record["reason"] for record in parsed)


def test_the_summary_counts(bench, rng):
    bench.row("a", value="0.1")
    bench.row("b", "qualitative")
    bench.claim("a", metric("loss"), cell=HERE, tolerance=1)
    bench.claim("b", greater(HIGH, LOW), cell={"activation": "relu"})
    found = summary(bench.judge(lambda p, r: {"loss": NARROW[r], "gap": p.noise + 0.01 * r * p.noise}))
    assert found.counts == {**dict.fromkeys(VERDICTS, 0), "reproduced": 2}
    assert found.expected_false_refutations == pytest.approx(0.05)
    assert str(found) == "2 reproduced; at most 0.1 false refutations expected by chance"
    assert str(summary([])) == "no claims; at most 0.0 false refutations expected by chance"


def test_verify_answers_every_row_from_an_empty_store(fresh_home):
    verdicts = verify(["backprop-trace"])
    assert len(verdicts) == 31
    assert {verdict.verdict for verdict in verdicts} <= set(VERDICTS)
    with pytest.raises(ValueError, match="unknown profile"):
        verify(["backprop-trace"], profile="ful")
