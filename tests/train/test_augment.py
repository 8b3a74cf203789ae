"""Augmentation against the same changes made one image at a time; places, chances and weights as often as they should be."""

import numpy as np
import pytest
import torch
from scipy import stats
from training_tools import generator

from annlab.errors import UsageError
from annlab.train.augment import Augmenter, Crop, CutOut, Flip, MixUp, Shift


def images(n=6, height=5, width=7, channels=2):
    """Images whose numbers are all different and above 0."""
    return torch.arange(1.0, n * height * width * channels + 1).reshape(n, height, width, channels) / 1000


def padded(x, by, mode="constant"):
    return np.pad(x.numpy(), ((0, 0), (by, by), (by, by), (0, 0)), mode=mode)


@pytest.mark.parametrize(("declared", "mode"), [(Shift(2), "constant"), (Crop(2, "zeros"), "constant"), (Crop(2), "reflect")])
def test_every_image_is_a_window_of_its_padded_self_and_all_places_come_up(declared, mode):
    x, draws = images(), generator()
    around, augmenter = padded(x, 2, mode), Augmenter([declared], draws)
    seen = np.zeros((5, 5))
    for _ in range(100):
        changed, mixed = augmenter(x)
        assert mixed is None
        for image, source in zip(changed.numpy(), around, strict=True):
            found = [(i, j) for i in range(5) for j in range(5) if np.array_equal(source[i : i + 5, j : j + 7], image)]
            assert len(found) == 1
            seen[found[0]] += 1
    assert stats.chisquare(seen.ravel()).pvalue > 1e-3


def test_flips_turn_columns_for_a_share_of_the_images():
    x, augmenter = images(2000, 2, 3, 1), Augmenter([Flip(0.3)], generator())
    changed, _ = augmenter(x)
    turned = (changed == x.flip(2)).flatten(1).all(1)
    assert ((changed == x).flatten(1).all(1) ^ turned).all()
    assert stats.binomtest(int(turned.sum()), 2000, 0.3).pvalue > 1e-3


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_holes_are_squares_cut_off_at_the_edge(size):
    x, augmenter = images(400, 5, 7, 2), Augmenter([CutOut(size)], generator())
    changed, _ = augmenter(x)
    kept = changed > 0
    assert torch.equal(changed[kept], x[kept])
    corners = set()
    for hole in (~kept).numpy():
        assert (hole[..., 0] == hole[..., 1]).all()
        rows, columns = hole[..., 0].any(1), hole[..., 0].any(0)
        assert np.array_equal(hole[..., 0], rows[:, None] & columns[None])
        assert 1 <= rows.sum() <= min(size, 5)
        assert 1 <= columns.sum() <= min(size, 7)
        assert np.ptp(np.flatnonzero(rows)) + 1 == rows.sum()
        corners.add((int(rows.argmax()), int(columns.argmax()), int(rows.sum()), int(columns.sum())))
    centres = [
        (range(max(0, c - size // 2), min(n, c - size // 2 + size)) for n, c in ((5, i), (7, j))) for i in range(5) for j in range(7)
    ]
    expected = {(r.start, c.start, len(r), len(c)) for r, c in centres}
    assert corners == expected


def test_a_list_is_the_same_as_one_after_the_other():
    x, several = images(), [Flip(), Crop(2), Shift(1), CutOut(3), Flip(), Crop(1, "zeros")]
    together, _ = Augmenter(several, generator(4))(x)
    draws, one_by_one = generator(4), x
    for each in several:
        one_by_one, _ = Augmenter([each], draws)(one_by_one)
    assert torch.equal(together, one_by_one)
    assert not torch.equal(together, x)


def test_mixing_gives_partners_and_weights_that_make_the_images():
    x, augmenter = images(), Augmenter([MixUp(0.4)], generator())
    weights = []
    for _ in range(300):
        mixed, found = augmenter(x)
        partner, weight = found
        assert sorted(partner.tolist()) == list(range(len(x)))
        torch.testing.assert_close(mixed, weight * x + (1 - weight) * x[partner])
        weights.append(weight.item())
    assert stats.kstest(weights, stats.beta(0.4, 0.4).cdf).pvalue > 1e-3


def test_draws_come_from_the_generator_and_the_images_are_left_alone():
    x, several = images(), [Shift(2), Flip(), CutOut(2), MixUp(1.0)]
    before, state = x.clone(), torch.get_rng_state()
    outputs = [Augmenter(several, generator(seed))(x)[0] for seed in (1, 1, 2)]
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize("edge", [1, 2, 3])
def test_a_border_wider_than_the_image_is_still_mirrored(edge):
    x = images(50, edge, 4, 1)
    changed, _ = Augmenter([Crop(3)], generator())(x)
    assert all(set(image.unique().tolist()) <= set(source.unique().tolist()) for image, source in zip(changed, x, strict=True))


@pytest.mark.parametrize("alpha", [1e-9, 1e9])
def test_extreme_weights_are_numbers(alpha):
    for seed in range(20):
        _, (_, weight) = Augmenter([MixUp(alpha)], generator(seed))(images())
        assert 0 <= weight.item() <= 1


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: Shift(0), "pixels"),
        (lambda: Crop(1.5), "padding"),
        (lambda: Crop(2, "edge"), "border"),
        (lambda: Flip(1.5), "probability"),
        (lambda: Flip("often"), "probability"),
        (lambda: CutOut(True), "size"),
        (lambda: CutOut(np.float64(4)), "size"),
        (lambda: MixUp(0.0), "alpha"),
        (lambda: Augmenter(["flip"], generator()), "'flip'"),
        (lambda: Augmenter([MixUp(), MixUp(0.3)], generator()), "one MixUp"),
    ],
)
def test_what_makes_no_augmentation_is_refused(make, part):
    with pytest.raises(UsageError, match=part):
        make()


def test_whole_numbers_of_numpy_are_those_of_python():
    assert repr(CutOut(np.int64(4))) == "CutOut(size=4)"
    assert Crop(np.uint8(2)) == Crop(2)
    results = [Augmenter([Shift(size)], generator())(images())[0] for size in (2, np.int64(2))]
    assert torch.equal(*results)
