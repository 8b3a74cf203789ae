"""The worked sums, what is exact about shifts, and networks that see the same digits."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import changed, outcomes

from annlab.errors import UsageError
from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.lab.ledger import rows
from annlab.lab.results import Results
from annlab.measure.convolution import convolve
from annlab.report import unanswered
from annlab.studies.features import convolution_arithmetic_answers as answers
from annlab.studies.features import convolution_arithmetic_claims as claims
from annlab.studies.features.convolution_arithmetic import BATCH, epochs_of, layers
from annlab.studies.features.convolution_arithmetic_exact import INPUT, KERNEL, STRIDE, compared_layers, measured, size_grid

STUDY = load_study("convolution-arithmetic")
SMALL = replace(STUDY.params, data="digits28", images=60, test_images=30, steps=4)


def test_the_worked_output():
    assert convolve(INPUT, KERNEL, STRIDE).tolist() == [[3, 4], [6, 11]]


@pytest.mark.oracle
def test_every_size_is_that_of_torch():
    grid = size_grid()
    assert len(grid) == 540
    assert [(ours, theirs) for *_, ours, theirs in grid if ours != theirs] == []


def test_parameters_of_both_layers():
    assert compared_layers() == (160, 785 * 28 * 28 * 16, (28, 28, 16))


def test_equivariance_is_exact_where_it_should_be():
    found = measured(np.random.default_rng(0))
    assert found["equivariance_circular"] == found["equivariance_interior"] == found["equivariance_stride_even"] == 0
    assert found["equivariance_border"] > 0
    assert found["equivariance_stride_odd"] > 0.5
    assert found["sizes_wrong"] == 0
    assert max(value for name, value in found.items() if "difference" in name) < 1e-12
    assert found["inverse_error"] == pytest.approx(found["lost_share"])
    assert found["transpose_error"] > found["inverse_error"]


def test_rows_of_the_ledger_are_worked_out():
    by_id = {row.id.removeprefix("convolution-arithmetic."): row for row in rows("convolution-arithmetic")}
    assert [claims.element(by_id[f"conv2d.out-{place}"]) for place in ("00", "01", "10", "11")] == [3, 4, 6, 11]
    assert [claims.back(by_id[f"toeplitz.xhat{place}"]) for place in range(6)] == [6, 6, 13, 14, 7, 8]
    assert not claims.unrounded(by_id["conv2d.size-formula"])[0]
    assert claims.rounded_down(by_id["conv2d.size-formula-floor"])[0]
    assert not claims.printed_vector(by_id["toeplitz.printed-vector"])[0]
    assert claims.not_inverse(by_id["toeplitz.transpose-not-inverse"])[0]


def test_networks_are_of_like_size(small):
    results = small("convolution-arithmetic")
    counts = {name: results.values("parameters", part="shifts", network=name, images=1200, permuted=False, trained_shift=0)[0]
              for name in ("cnn", "cnn-mean", "mlp")}  # fmt: skip
    assert max(counts.values()) / min(counts.values()) < 1.15
    assert [type(layer).__name__ for layer in layers("mlp")] == ["Flatten", "Dense", "ReLU"]


def test_replicates_differ_and_come_again():
    first, again = (outcomes(STUDY, replace(SMALL, network="mlp"), [0, 1]) for _ in range(2))
    assert [each.metrics for each in first] == [each.metrics for each in again]
    assert first[0].metrics != first[1].metrics


def test_a_moved_digit_is_the_same_digit():
    shown = outcomes(STUDY, SMALL, [0])[0]
    middle, moved = shown.arrays["digits"]
    np.testing.assert_array_equal(moved[:, 4:], middle[:, :-4])
    np.testing.assert_allclose(shown.arrays["maps"][1][:, :, 4:-2], shown.arrays["maps"][0][:, :, 2:-4], atol=1e-5)  # 4 pixels at stride 2
    shifts = shown.series["shifts"]
    assert shifts["unchanged"][0] == 1
    assert shown.metrics["drop_6"] == pytest.approx(shifts["accuracy"][0] - shifts["accuracy"][6])


def test_permuted_pixels_hold_the_same_numbers():
    ordered, permuted = (outcomes(STUDY, replace(SMALL, network="mlp", permuted=each), [0])[0] for each in (False, True))
    assert ordered.metrics["parameters"] == permuted.metrics["parameters"]
    assert ordered.metrics != permuted.metrics


def test_every_row_is_mapped_and_every_question_answered(small):
    results = small("convolution-arithmetic")
    assert check(STUDY) == []
    assert unanswered(results) == []
    assert unanswered(changed(results)) == []


@pytest.mark.parametrize("profile", ["quick", "standard", "full"])
def test_networks_that_are_compared_take_the_same_number_of_steps(profile):
    trained = [cell.params for cell in STUDY.design(profile).cells if cell.params.part == "shifts"]
    for params in trained:
        assert epochs_of(params.steps, params.images) * -(-params.images // BATCH) == params.steps
    assert len({params.steps for params in trained if params.images <= 8000}) == 1
    assert len({params.images for params in trained if params.images <= 8000}) == (2 if profile == "quick" else 3)


def test_so_many_steps_are_made():
    from annlab.train import images

    made = []
    plain = images.fit_images

    def counted(net, X, y, recipe, **options):
        made.append(recipe.max_epochs * -(-len(X) // recipe.batch_size))
        return plain(net, X, y, recipe, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("annlab.models.image_classifier.fit_images", counted)
        for count in (60, 100, 200):
            outcomes(STUDY, replace(SMALL, network="mlp", images=count), [0])
    assert made == [4, 4, 4]


def test_steps_that_are_no_whole_number_of_epochs_are_refused():
    with pytest.raises(UsageError, match="500 steps are no whole number of epochs: 8000 images in batches of 50 take 160 steps each"):
        epochs_of(500, 8000)
    with pytest.raises(UsageError, match="whole number"):
        outcomes(STUDY, replace(SMALL, network="mlp", steps=5), [0])


def without(results, **cell):
    """The same results without the outcomes of some cells."""
    kept = [record for record in results.records if not record.cell.matches(cell)]
    return Results.from_records(results.study, results.design, kept)


def with_unchanged(results, value, **cell):
    """The same results with another share of unchanged predictions in some cells."""
    records = [
        replace(record, outcome=replace(record.outcome, metrics={**record.outcome.metrics, "unchanged_6": value + 1e-3 * record.replicate}))
        if record.cell.matches(cell)
        else record
        for record in results.records
    ]
    return Results.from_records(results.study, results.design, records)


def test_an_answer_without_its_cells_is_undecided(small):
    results = small("convolution-arithmetic")
    cnn = {"part": "shifts", "network": "cnn", "images": 1200, "permuted": False, "trained_shift": 0}
    for answer in (answers.invariant, answers.advantage):
        assert answer(without(results, **cnn)).startswith("Undecided:")
        assert not answer(results).startswith("Undecided:")
    for answer in (answers.worked, answers.transposed, answers.saved):
        assert answer(without(results, part="arithmetic")).startswith("Undecided:")
    partly = answers.invariant(without(results, network="cnn-mean"))
    assert "not measured" in partly
    assert "stride and border" not in partly


def test_words_about_invariance_follow_the_numbers(small):
    results = small("convolution-arithmetic")
    plain = {"part": "shifts", "images": 1200, "permuted": False, "trained_shift": 0}
    for share, verdict in ((0.2, "No:"), (0.995, "Nearly, here:"), (0.989, "Undecided:")):
        assert answers.invariant(with_unchanged(results, share, **plain, network="cnn")).startswith(verdict)
    better = with_unchanged(results, 0.9, **{**plain, "trained_shift": 6}, network="cnn")
    assert "so much of it is learned" in answers.invariant(with_unchanged(better, 0.1, **plain, network="cnn"))
    assert "it is not shown that any of it is learned" in answers.invariant(with_unchanged(better, 0.95, **plain, network="cnn"))
    assert "the work of stride and border" in answers.invariant(with_unchanged(results, 0.9, **plain, network="cnn-mean"))
