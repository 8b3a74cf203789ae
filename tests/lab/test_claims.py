from dataclasses import dataclass

import numpy as np
import pytest

from annlab.errors import UsageError
from annlab.lab import Outcome, Study, best, cases, grid, overrides
from annlab.lab import claims as grammar
from annlab.lab.claims import (
    all_of,
    any_of,
    check,
    claim,
    derived,
    equal_within,
    from_config,
    greater,
    less,
    lowest,
    mapped,
    metric,
    per_replicate,
    pick,
    selected,
    selects,
    series,
    timing,
    trend,
    untestable,
)
from annlab.lab.ledger import parse_ledger, row, rows
from annlab.lab.values import resolve_cell

HEADER = "id,experiment,source,section,kind,quantity,value,unit,comparison,config,statement\n"


@dataclass(frozen=True)
class Params:
    noise: float = 0.1
    optimizer: str = "adam"
    sizes: tuple[int, ...] = (50, 50)
    epochs: int = 100
    data: str = "mnist"


def a_study(*claims, **options):
    given = {"grid": grid(noise=[0.1, 0.5, 1.0], optimizer=["sgd", "adam"]), "select": best("loss"), "final": lambda params, ctx: None}
    return Study("toy", "Toy", {}, 1, Params(), lambda params, ctx: None, claims=claims, **{**given, **options})


@pytest.fixture
def ledger(monkeypatch):
    """Sets the ledger's rows: ``ledger("a", kind="measured", value="0.5")`` adds `toy.a`."""
    lines = []

    def add(name, kind="measured", value="0.5", comparison="approx", config="{}", unit=""):
        config = '"' + config.replace('"', '""') + '"'
        lines.append(f"toy.{name},toy,report-A,1,{kind},q,{value},{unit},{comparison},{config},s\n")
        monkeypatch.setattr(grammar, "rows", lambda study: tuple(parse_ledger(HEADER + "".join(lines)).values()))

    return add


LOSS = {"cell": {"noise": 0.1, "optimizer": "sgd"}, "value": metric("loss"), "tolerance": 0.1}


def test_every_row_is_mapped_once(ledger):
    ledger("a")
    ledger("b")
    assert check(a_study(claim("toy.*", **LOSS))) == []
    assert check(a_study(claim(["toy.a", "toy.b"], **LOSS))) == []
    assert check(a_study(claim("toy.a", **LOSS))) == ["toy.b is mapped 0 times, wanted once"]
    twice = a_study(claim("toy.*", **LOSS), claim("toy.a", **LOSS))
    assert check(twice) == ["toy.a is mapped 2 times, wanted once"]
    with pytest.raises(ValueError, match=r"toy\.a is mapped 2 times"):
        mapped(twice)
    assert check(a_study(claim("toy.*", **LOSS), claim("toy.old", **LOSS))) == ["the mapping of toy.old covers no row"]


def test_a_row_in_percent_wants_a_metric_of_known_unit_or_a_factor(ledger):
    ledger("a", value="98.1", unit="%")
    wanted = "toy.a: a row in % takes a metric whose unit is 'fraction' or '%', or a value with factor="
    assert check(a_study(claim("toy.a", **LOSS))) == [wanted]
    assert check(a_study(claim("toy.a", **{**LOSS, "value": metric("loss", factor=100.0)}))) == []


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ({**LOSS, "cell": {"noise": 0.1}}, "2 cells of profile 'full' match noise=0.1; also name optimizer"),
        ({**LOSS, "cell": {"noise": 0.2, "optimizer": "sgd"}}, "0 cells of profile 'full'"),
        ({**LOSS, "cell": {"nois": 0.1}}, "did you mean 'noise'"),
        ({**LOSS, "tolerance": None}, "needs a tolerance"),
        ({**LOSS, "variants": {"optimizer": ["sgd", "lbfgs"]}}, "0 cells of profile 'full' match noise=0.1, optimizer='lbfgs'"),
        ({**LOSS, "chosen": ("batch",)}, "'batch', which is no parameter"),
        ({**LOSS, "free": ("batch",)}, "'batch', which is no parameter"),
        ({**LOSS, "free": ("hardware",)}, "'hardware', which is no parameter"),
        ({**LOSS, "relative_to": "toy.none"}, "'toy.none' that it is compared with is not mapped"),
        ({**LOSS, "cell": {"noise": from_config("level")}}, "has no 'level'"),
        ({"test": greater(metric("loss"), 0.0), "cell": LOSS["cell"]}, "takes a value or a calculation, not a test"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_named(ledger, mapping, problem):
    ledger("a")
    (found,) = check(a_study(claim("toy.a", **mapping)))
    assert problem in found


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (metric("loss"), "takes a test"),
        (trend(metric("loss"), "noise", "up", values=[0.1, 1.0]), "needs three values"),
        (trend(metric("loss"), "noise", "up", values=[0.1, 0.2, 1.0]), "0 cells"),
        (lowest(metric("loss"), "noise", at=0.2), "to be compared with other values"),
        (greater(metric("loss").at(noise=0.1), metric("loss").at(noise=[0.5, 1.0])), "2 cells"),
    ],
)
def test_what_is_wrong_with_a_test_is_named(ledger, test, problem):
    ledger("a", kind="qualitative", value="", comparison="")
    assert problem in check(a_study(claim("toy.a", test, cell={"optimizer": "sgd"})))[0]


def test_correct_tests_have_no_problem(ledger):
    ledger("a", kind="qualitative", value="", comparison="")
    for test in (
        trend(metric("loss"), "noise", "up"),
        lowest(metric("loss"), "noise", at=0.5),
        selects(noise=0.1),
        all_of(less(metric("loss").at(noise=0.1), metric("loss").at(noise=1.0)), any_of(selects(noise=1.0), lambda results: None)),
        equal_within(({"noise": 0.1}, metric("loss")), metric("loss", stage="final").at(noise=0.5), 0.1),
        untestable("it says nothing"),
    ):
        assert check(a_study(claim("toy.a", test, cell={"optimizer": "sgd"}))) == []


def test_comparison_rows_need_the_other_row(ledger):
    ledger("a")
    ledger("b", kind="qualitative", value="", comparison="greater-than:toy.a")
    good = claim("toy.b", metric("loss"), cell={"noise": 1.0, "optimizer": "sgd"})
    assert check(a_study(claim("toy.a", **LOSS), good)) == []
    assert "has no value" in check(a_study(claim("toy.a", untestable("no")), good))[0]


def test_stand_in_data_are_refused(ledger):
    ledger("a")
    assert check(a_study(claim("toy.a", **LOSS), data=lambda params: (params.data,))) == []
    stand_in = a_study(claim("toy.a", **LOSS), data=lambda params: (params.data,), profiles={"full": overrides(data="digits28")})
    assert check(stand_in) == ["toy.a: the cell uses the stand-in data 'digits28'"]


def test_cells_are_read_from_the_configuration():
    about = row("personal-regression.selected.layers")
    assert resolve_cell({"lr": from_config("best.lr"), "epochs": 10}, about) == {"lr": 0.01, "epochs": 10}
    assert resolve_cell({"units": from_config("grid.units")}, about) == {"units": (3, 10, 20)}  # a list would mean "one of these"
    assert resolve_cell({"act": from_config("best.activation", {"tanh": "T"})}, about) == {"act": "T"}
    assert resolve_cell({"act": from_config("best.activation", str.upper)}, about) == {"act": "TANH"}
    assert resolve_cell(lambda found: {"kind": found.kind}, about) == {"kind": "measured"}
    assert resolve_cell({"kind": lambda found: found.unit}, about) == {"kind": "layers"}
    noisy = row("noise-and-optimisation.data.snr.noise-0.3")
    assert resolve_cell(pick("noise_level", epochs=3), noisy) == {"noise_level": 0.3, "epochs": 3}
    assert resolve_cell({"noise": pick("noise_level")}, noisy) == {"noise": 0.3}
    assert resolve_cell(None, noisy) == {}


def test_variants_are_all_combinations_or_as_listed(ledger):
    ledger("a")
    product = claim("toy.a", metric("loss"), variants={"noise": [0.1, 0.5], "optimizer": ["sgd", "adam"]}, tolerance=1)
    assert [tuple(variant.values()) for variant in product.variants] == [(0.1, "sgd"), (0.1, "adam"), (0.5, "sgd"), (0.5, "adam")]
    listed = claim("toy.a", metric("loss"), variants=[{"noise": 0.5}, {"noise": 1.0}], cell={"optimizer": "sgd"}, tolerance=1)
    (found,) = mapped(a_study(listed)).values()
    assert list(found.cells) == [{"optimizer": "sgd", "noise": 0.5}, {"optimizer": "sgd", "noise": 1.0}]
    assert check(a_study(product)) == check(a_study(listed)) == []


def test_cases_name_a_cell(ledger):
    ledger("a")
    named = a_study(claim("toy.a", metric("loss"), cell={"case": "handout"}, tolerance=1), grid=cases(handout={"noise": 2.0}, other={}))
    assert check(named) == []


OUTCOME = Outcome(
    metrics={"loss": 0.25},
    timings={"fit": 3.0},
    series={"curve": {"epoch": np.array([0, 10, 20]), "loss": np.array([4.0, 2.0, 1.0]), "curve": np.array([1.0, 5.0, 9.0])}},
)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (metric("loss"), 0.25),
        (timing("fit"), 3.0),
        (series("curve", epoch=10), 5.0),
        (series("curve", "loss", epoch=10), 2.0),
        (series("curve", "loss", epoch="last"), 1.0),
        (series("curve", "loss", epoch="first"), 4.0),
        (series("curve", "loss", epoch=(0, 10), reduce="mean"), 3.0),
        (series("curve", "loss", epoch=[0, 20], reduce="min"), 1.0),
        (series("curve", "loss", reduce=np.median), 2.0),
        (per_replicate(lambda outcome: outcome.metrics["loss"] * 4), 1.0),
    ],
)
def test_values_are_read_from_outcomes(value, wanted):
    assert value.read(OUTCOME) == wanted


def test_values_that_are_not_there_are_named():
    assert np.isnan(series("curve", epoch=11).read(OUTCOME))
    with pytest.raises(UsageError, match="did you mean 'loss'"):
        metric("los").read(OUTCOME)
    with pytest.raises(UsageError, match="did you mean 'curve'"):
        series("curv", epoch=1).read(OUTCOME)
    with pytest.raises(UsageError, match="did you mean 'epoch'"):
        series("curve", epochs=1).read(OUTCOME)
    with pytest.raises(ValueError, match="leave 3 points"):
        series("curve").read(OUTCOME)


def test_at_adds_to_the_cell_and_leaves_the_original():
    here = metric("loss", better="lower")
    there = here.at(noise=1.0).at(epochs=5)
    assert (there.where, here.where, there.better) == ({"noise": 1.0, "epochs": 5}, {}, "lower")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: claim("a"), ValueError, "needs one of"),
        (lambda: claim("a", metric("x"), test=greater(metric("x"), 0)), ValueError, "needs one of"),
        (lambda: claim("a", test=metric("x")), TypeError, "takes a test"),
        (lambda: claim("a", 3), TypeError, "a test is"),
        (lambda: claim("a", metric("x"), tolerance=0), ValueError, "must be positive"),
        (lambda: claim("a", metric("x"), contrary="no"), ValueError, "contrary must be"),
        (lambda: greater(metric("x"), "y"), TypeError, "or a number"),
        (lambda: greater(metric("x"), 0.0, margin=-1), ValueError, "at least 0"),
        (lambda: equal_within(metric("x"), 0.0, 0.0), ValueError, "positive margin"),
        (lambda: trend(metric("x"), "noise", "upwards"), ValueError, "'up' or 'down'"),
        (selects, ValueError, "either a function or parameters"),
        (all_of, ValueError, "at least one test"),
        (lambda: untestable(" "), ValueError, "needs a reason"),
    ],
)
def test_the_grammar_refuses_what_it_does_not_know(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_answers_may_be_given_by_position_or_by_name():
    calculation = derived(lambda found: 1.0)
    assert claim("a", calculation).answer is claim("a", value=calculation).answer
    chosen = selected("noise")
    assert claim("a", chosen).answer is claim("a", value=chosen).answer


@pytest.mark.parametrize("name", ["backprop-trace", "noise-and-optimisation", "personal-regression"])
def test_published_studies_map_their_rows(name):
    from annlab.lab.discover import load_study

    study = load_study(name)
    assert check(study) == []
    assert set(mapped(study)) == {each.id for each in rows(name)}


def test_places_on_the_axes_of_a_series_are_values():
    with pytest.raises(TypeError, match="axis 'epoch' must be a value"):
        series("curves", "loss", epoch=from_config("epochs"))
