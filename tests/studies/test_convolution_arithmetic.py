"""The worked sums, what is exact about shifts, and networks that see the same digits."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import changed, outcomes

from annlab.lab.claims import check
from annlab.lab.discover import load_study
from annlab.lab.ledger import rows
from annlab.measure.convolution import convolve
from annlab.report import unanswered
from annlab.studies.features import convolution_arithmetic_claims as claims
from annlab.studies.features.convolution_arithmetic import layers
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
