"""Colours must stay apart for colour-blind readers, on white and on dark pages."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from annlab.draw.style import DASHES, MARKERS, PALETTE, diverging, figure, house, housed, looks, readable_on, relative_luminance, scale_axes

DARK_PAGE = "#14171b"

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB
VISION = {
    "normal": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(values):
    """CIE L*a*b* of linear sRGB, D65: another space than the one that the style itself computes in."""
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    x = to_xyz @ np.clip(values, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_the_palette_is_distinct_under_every_vision(vision):
    for first, second in combinations(PALETTE, 2):
        difference = np.linalg.norm(lab(VISION[vision] @ linear(first)) - lab(VISION[vision] @ linear(second)))
        assert difference > 12, (first, second, difference)  # 2.3 is just noticeable


@pytest.mark.parametrize("colour", PALETTE)
def test_the_palette_reads_on_white_and_on_dark_pages(colour):
    light = relative_luminance(colour)
    assert 1.05 / (light + 0.05) >= 2.9
    assert (light + 0.05) / (relative_luminance(DARK_PAGE) + 0.05) >= 2.85


def test_the_diverging_map_darkens_evenly_from_a_neutral_middle():
    lightness = np.array([lab(linear(colour[:3]))[0] for colour in diverging()(np.linspace(0, 1, 257))])
    assert lightness.argmax() == pytest.approx(128, abs=1)
    assert np.all(np.diff(lightness[:128]) > 0)
    assert np.all(np.diff(lightness[129:]) < 0)
    assert abs(lightness[0] - lightness[-1]) < 6
    assert np.abs(lab(linear(diverging()(0.5)[:3]))[1:]).max() < 4


def test_text_on_colour_has_the_higher_contrast_of_the_two():
    for colour in ["#000000", "#ffffff", "#fde725", "#440154", "#21918c"]:
        chosen, light = readable_on(colour), relative_luminance(colour)
        contrast = {"#0b0b0b": (light + 0.05) / 0.0534, "#ffffff": 1.05 / (light + 0.05)}
        assert contrast[chosen] > 4
        assert contrast[chosen] >= max(contrast.values()) * 0.9


def test_groups_differ_in_more_than_colour():
    found = looks([f"group {index}" for index in range(14)])
    assert len({(str(look.dashes), look.marker) for look in found.values()}) == 14
    assert len(DASHES) == len(MARKERS) == len(PALETTE)


def test_many_numbers_get_a_ramp_and_few_the_palette():
    assert [look.colour for look in looks([1, 2, 3]).values()] == list(PALETTE[:3])
    ramp = [relative_luminance(look.colour) for look in looks([0.0, 0.1, 0.3, 0.9, 1.0]).values()]
    assert len(set(ramp)) == 5
    assert looks([True, False])[True].colour == PALETTE[0]


def test_the_style_leaves_matplotlib_as_it_was():
    before = dict(mpl.rcParams)
    with house():
        assert mpl.rcParams["svg.hashsalt"] == "annlab"
    assert dict(mpl.rcParams) == before

    @housed
    def fails():
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError):
        fails()
    assert dict(mpl.rcParams) == before


def test_logarithmic_ticks_are_plain_numbers():
    made, axes = figure()
    axes[0, 0].plot([1, 1000], [1e-6, 1.0])
    scale_axes(axes[0, 0], log_x=True, log_y=True)
    made.canvas.draw()
    texts = {label.get_text() for label in axes[0, 0].get_xticklabels()} | {label.get_text() for label in axes[0, 0].get_yticklabels()}
    assert {"1", "10", "100", "1000", "10⁻⁶", "0.01"} <= texts
