import numpy as np
import pandas as pd
import pytest

from annlab import draw
from annlab.lab.statistics import groups_not_separable, mean_interval


@pytest.fixture
def runs(rng):
    """Three settings: a and b alike, c five times worse; c failed once."""
    base = np.exp(rng.normal(0, 0.3, 8))
    swing = np.exp(0.1 * np.array([1, -1, 1, -1, 1, -1, 1, -1.2]))  # a is a little better, by less than can be told
    values = {"c": 5 * base, "a": base, "b": base * swing}
    values["c"][3] = np.inf
    return pd.DataFrame([{"net": net, "replicate": r, "mse": value} for net, all_ in values.items() for r, value in enumerate(all_)])


def test_the_summary_holds_the_intervals_of_the_statistics(table):
    view = draw.summary_table(table, by=["hidden", "activation"], values=["validation_mse", "train_mse"], units={"validation_mse": "K²"})
    assert view.headings == ["hidden", "activation", "validation MSE (K²)", "train MSE", "replicates"]
    row = view.frame[(view.frame.hidden == 10) & (view.frame.activation == "relu")].iloc[0]
    assert row.validation_mse == mean_interval(table[(table.hidden == 10) & (table.activation == "relu")].validation_mse)
    assert row.replicates == 6


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_letters_are_the_groups_of_the_statistics(runs, scale):
    view = draw.ranked_table(runs, by="net", value="mse", scale=scale)
    turn = np.log if scale == "log" else np.asarray
    values = {net: turn(part.mse.where(np.isfinite(part.mse)).to_numpy()) for net, part in runs.groupby("net")}
    groups = groups_not_separable(values)
    expected = {net: " ".join("ab"[index] for index, group in enumerate(groups) if net in group) for net in values}
    assert dict(zip(view.frame.net, view.frame["not told apart"], strict=True)) == expected
    assert view.frame.net.iloc[-1] == "c"
    assert view.frame.failed.tolist() == [0, 0, 1]
    assert view.frame.replicates.tolist() == [8, 8, 7]
    assert list(view.emphasis) == [True, True, False]
    c = mean_interval(values["c"])
    shown = view.frame.mse.iloc[-1]
    back = np.exp if scale == "log" else np.asarray
    np.testing.assert_allclose([shown.mean, shown.low, shown.high], back([c.mean, c.low, c.high]))


def test_ranks_turn_with_the_way_that_is_better(runs):
    assert draw.ranked_table(runs, by="net", value="mse", better="higher").frame.net.iloc[0] == "c"
    short = draw.ranked_table(runs, by="net", value="mse", top=1)
    assert len(short.rows()) == 1
    assert short.notes[-1] == "The first 1 of 3 settings."


def test_settings_that_all_failed_come_last_without_a_letter(runs):
    runs.loc[runs.net == "a", "mse"] = np.nan
    view = draw.ranked_table(runs, by="net", value="mse", better="higher")
    assert view.frame.net.tolist()[-1] == "a"
    assert view.frame["not told apart"].iloc[-1] == ""
    assert view.rows()[-1][2] == "–"


def test_stability_counts_failures_and_describes_the_rest(runs):
    view = draw.stability_table(runs, by="net", value="mse", units={"mse": "K²"})
    assert view.headings == ["net", "mean (K²)", "standard deviation (K²)", "minimum (K²)", "maximum (K²)", "seeds", "failed"]
    row = view.frame[view.frame.net == "c"].iloc[0]
    finite = runs[(runs.net == "c") & np.isfinite(runs.mse)].mse
    assert [row["mean"], row["standard deviation"], row["minimum"], row["maximum"]] == pytest.approx(
        [finite.mean(), finite.std(), finite.min(), finite.max()]
    )
    assert (row.seeds, row.failed) == (8, 1)


@pytest.mark.parametrize("make", [draw.ranked_table, draw.stability_table, draw.stability_strip, draw.interval_bars])
def test_hidden_factors_and_empty_frames_are_refused(make, table):
    with pytest.raises(ValueError, match="another factor varies"):
        make(table, by="hidden", value="validation_mse")
    with pytest.raises(ValueError, match="empty frame"):
        make(table.iloc[:0], by="hidden", value="validation_mse")


def test_the_strip_shows_every_seed_and_the_interval(runs):
    axis = draw.stability_strip(runs, by="net", value="mse", unit="K²").paper.axes[0]
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    for line, (_, part) in zip(dots, runs.groupby("net", sort=False), strict=True):
        assert sorted(line.get_xdata()) == sorted(part.mse[np.isfinite(part.mse)])
    assert [text.get_text() for text in axis.texts] == ["1 of 8 failed"]
    expected = mean_interval(runs[runs.net == "a"].mse)
    segment = axis.containers[1][2][0].get_segments()[0]
    np.testing.assert_allclose(segment[:, 0], [expected.low, expected.high])
    assert axis.get_xlabel() == "mse (K²)".replace("mse", "MSE")
    assert [label.get_text() for label in axis.get_yticklabels()] == ["c", "a", "b"]


def test_bars_start_at_zero_and_dots_stand_on_logarithmic_axes(table):
    drawing = draw.interval_bars(table, by="hidden", group="activation", value="validation_mse", reference={"target": 0.1})
    axis = drawing.paper.axes[0]
    bars = [patch for patch in axis.patches if patch.get_height() > 0]
    expected = [table[(table.hidden == h) & (table.activation == a)].validation_mse.mean() for a in ("tanh", "relu") for h in (3, 10, 50)]
    assert all(bar.get_x() == 0 for bar in bars)
    np.testing.assert_allclose([bar.get_width() for bar in bars], expected)
    assert {text.get_text() for text in drawing.paper.legends[0].get_texts()} == {"tanh", "relu", "target"}
    logarithmic = draw.interval_bars(table, by="hidden", group="activation", value="validation_mse", log=True).paper.axes[0]
    assert not logarithmic.patches
    assert logarithmic.get_xscale() == "log"


def test_differences_are_paired_by_replicate(runs):
    axis = draw.paired_differences(runs, by="net", value="mse", baseline="a", better="lower", unit="K²").paper.axes[0]
    wide = runs.pivot_table(index="replicate", columns="net", values="mse", dropna=False)
    expected = mean_interval(wide.b - wide.a)
    segment = axis.containers[1][2][0].get_segments()[0]
    np.testing.assert_allclose(segment[:, 0], [expected.low, expected.high])
    assert axis.get_xlabel() == "MSE: difference to “a” (K²)\n(left of the line is better than “a”)"
    assert [label.get_text() for label in axis.get_yticklabels()] == ["c", "b"]


def test_ratios_are_taken_on_logarithms(runs):
    axis = draw.paired_differences(runs, by="net", value="mse", baseline="a", ratio=True).paper.axes[0]
    wide = runs.pivot_table(index="replicate", columns="net", values="mse", dropna=False)
    expected = mean_interval(np.log(wide.b / wide.a))
    np.testing.assert_allclose(axis.containers[1][2][0].get_segments()[0][:, 0], np.exp([expected.low, expected.high]))
    assert axis.get_xscale() == "log"
    with pytest.raises(ValueError, match="baseline 'z' is none of the settings c, a, b"):
        draw.paired_differences(runs, by="net", value="mse", baseline="z")
