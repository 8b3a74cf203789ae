"""How the results of linear-vs-perceptron are read: figures and tables."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.studies.supervised.linear_vs_perceptron_exact import X, closed_form, design, hessian, sine

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

LINE: dict[str, Any] = {
    "hidden": 0, "target": "pi", "noise": 0.0, "optimizer": "sgd", "init": "glorot", "criterion": 1e-4, "sweep": False,
}  # fmt: skip
SECOND: dict[str, Any] = {"hidden": 10, "optimizer": "adam", "noise": 0.0}
WIDE: dict[str, Any] = {"optimizer": "levenberg_marquardt"}
CUT = 1e3
"""A loss above it leaves the picture."""


def line_cell(results: "Results", **cell: Any) -> dict[str, Any]:
    """Parameters of the long runs of the linear neuron over the full batch, whatever the profile's number of epochs."""
    longest = max(each.params.epochs for each in results.where(**LINE).cells)
    return {**LINE, "batch_size": None, "epochs": longest, **cell}


def second_cell(results: "Results", **cell: Any) -> dict[str, Any]:
    """Parameters of the second net as the course has it, apart from those given."""
    return {**SECOND, "target": "pi", "output": "identity", "batch_size": 25, **cell}


def _texts(results: "Results") -> dict[str, Any]:
    return draw.texts(
        results,
        learning_rate="learning rate",
        batch_size="batch size",
        hidden="hidden units",
        noise="noise",
        output="output",
        target="target",
    )


def _sized(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Batch sizes as numbers, the full batch as 50."""
    return frame.assign(batch_size=frame["batch_size"].fillna(X.size).astype(int))


def _fitted(results: "Results", models: dict[str, dict[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        pd.DataFrame({"x": X, "y": results.array("prediction", replicate=r, **cell), "model": name, "replicate": r})
        for name, cell in models.items()
        for r in sorted(results.where(**cell).table["replicate"].unique())
    ]
    data = pd.DataFrame({"x": X, "y": sine(X), "model": "target", "replicate": 0})
    return pd.concat([data, *rows], ignore_index=True)


def fits(results: "Results") -> "Drawing":
    """Target, linear neuron and second net."""
    frame = _fitted(results, {"linear neuron": line_cell(results, learning_rate=0.2), "10 sigmoid units": second_cell(results)})
    return draw.curves(frame, x="x", y="y", by="model", x_label="x", y_label="y")


def outputs(results: "Results") -> "Drawing":
    """The second net with four activations at its output."""
    names = list(dict.fromkeys(cell.params.output for cell in results.where(**SECOND, target="pi", batch_size=25).cells))
    frame = _fitted(results, {name: second_cell(results, output=name) for name in names})
    target = frame[frame["model"] == "target"].drop(columns="model")
    import pandas as pd

    panels = [target.assign(output=name, model="target") for name in names]
    fitted = frame[frame["model"] != "target"]
    frame = pd.concat([*panels, fitted.assign(output=fitted["model"], model="network")], ignore_index=True)
    return draw.curves(frame, x="x", y="y", by="model", facet="output", x_label="x", y_label="y", columns=2)


def loss_by_rate(results: "Results") -> "Drawing":
    """Training loss of the linear neuron by epoch at each rate."""
    frame = results.where(**line_cell(results)).series("curves")
    lowest = float(results.values("closed_form_mse", **line_cell(results, learning_rate=0.2)).mean())
    kept = frame[frame.groupby(["learning_rate", "epoch"])["train_loss"].transform("max") < CUT]
    return draw.curves(
        kept.assign(epoch=kept["epoch"] + 1),
        x="epoch",
        y="train_loss",
        by="learning_rate",
        log_x=True,
        log_y=True,
        x_label="epoch + 1",
        y_label="training MSE",
        reference={"closed form": lowest},
        labels={"learning_rate": "learning rate"},
    )


def loss_surface(results: "Results") -> "Drawing":
    """Loss over (w, b) with the paths of gradient descent."""
    from annlab.draw.style import axis_text, figure, house, panel_title, sequential

    slope, intercept = closed_form(X, sine(X))
    low, curvature = float(np.mean((sine(X) - slope * X - intercept) ** 2)), hessian(design(X))
    shown = [rate for rate in (0.0002, 0.02, 0.2, 0.25) if results.where(**line_cell(results, learning_rate=rate)).cells]
    paths = {rate: results.series("path", **line_cell(results, learning_rate=rate)) for rate in shown}
    paths = {rate: path[path["replicate"] == path["replicate"].min()] for rate, path in paths.items()}
    points = np.concatenate([path[["w", "b"]].to_numpy() for path in paths.values()] + [np.array([[slope, intercept]])])
    lower, upper = points.min(0), points.max(0)
    room = 0.15 * (upper - lower) + 0.1
    w, b = (np.linspace(lower[i] - room[i], upper[i] + room[i], 121) for i in range(2))
    away = np.stack(np.meshgrid(w - slope, b - intercept), axis=-1)
    loss = low + 0.5 * np.einsum("...i,ij,...j", away, curvature, away)
    with house():
        made, axes = figure(2, 2, width=7.2, height=6.0, sharex=True, sharey=True)
        levels = low + np.geomspace(1e-3, max(1.0, float(loss.max() - low)), 14)
        for axis, (rate, path) in zip(axes.flat, paths.items(), strict=False):
            lines = axis.contour(w, b, loss, levels=levels, cmap=sequential(), linewidths=0.8)
            axis.plot(path["w"], path["b"], "-o", color="#d86000", markersize=2.5, linewidth=1.0)
            axis.plot(path["w"].iloc[0], path["b"].iloc[0], "s", color="#d86000", markersize=6)
            axis.plot(slope, intercept, "x", color="black", markersize=9, markeredgewidth=2)
            panel_title(axis, f"learning rate {rate:g}")
        for axis in axes.flat[len(paths) :]:
            axis.set_visible(False)
        for axis in axes[-1]:
            axis.set_xlabel(axis_text("weight w"))
        for axis in axes[:, 0]:
            axis.set_ylabel(axis_text("bias b"))
        del lines
    return draw.Drawing(made, alt="Contours of the squared error of a line over its weight and bias, with the paths of gradient descent.")


def stability(results: "Results") -> "Drawing":
    """Growth of the loss by learning rate and batch size."""
    frame = _sized(results.where(sweep=True).series("sweep"))
    return draw.curves(
        frame.assign(growth=frame["growth"].clip(1e-3, 1e6)),
        x="relative_rate",
        y="growth",
        by="batch_size",
        centre="median",
        band=None,
        log_y=True,
        x_label="learning rate over the predicted largest stable one",
        y_label="loss after 300 epochs over loss before",
        reference={"no change": 1.0},
        labels={"batch_size": "batch size"},
    )


def helping_epochs(results: "Results") -> "Drawing":
    """Share of epochs that lower the loss by batch size, both nets."""
    return draw.interval_bars(
        by_batch(results),
        by="batch_size",
        group="net",
        value="falls",
        label="share of epochs that lower the loss",
        labels={"batch_size": "batch size"},
    )


def by_batch(results: "Results") -> "pd.DataFrame":
    """Rows of both nets at every batch size (the full batch as 50), named in the column ``net``."""
    import pandas as pd

    line = results.where(**LINE, learning_rate=0.02)
    shortest = min(cell.params.epochs for cell in line.cells)
    nets = {
        "linear neuron, rate 0.02": line.where(epochs=shortest),
        "10 sigmoid units, Adam": results.where(**SECOND, target="pi", output="identity"),
    }
    return pd.concat([_sized(part.table).assign(net=name) for name, part in nets.items()], ignore_index=True)


def second_net(results: "Results") -> "Drawing":
    """Training loss of the second net by epoch at each batch size."""
    frame = _sized(results.where(**SECOND, target="pi", output="identity").series("curves"))
    return draw.curves(frame, y="train_loss", by="batch_size", log_y=True, y_label="training MSE", labels={"batch_size": "batch size"})


def widths_clean(results: "Results") -> "Drawing":
    """Training and held-out error by width without noise."""
    return _widths(results, 0.0)


def widths_noisy(results: "Results") -> "Drawing":
    """Training and held-out error by width with noise."""
    return _widths(results, max(cell.params.noise for cell in results.where(**WIDE).cells))


def _widths(results: "Results", noise: float) -> "Drawing":
    table = results.where(**WIDE, noise=noise).table
    names = {"train_mse": "training", "held_out_mse": "held out"} | ({"held_out_clean_mse": "held out, clean targets"} if noise else {})
    long = table.melt(["hidden", "replicate"], list(names), "measure", "mse")
    long = long.assign(measure=long["measure"].map(names), mse=long["mse"].clip(lower=1e-16))
    return draw.curves(long, x="hidden", y="mse", by="measure", log_y=True, markers=True, x_label="hidden units", y_label="MSE")


def rate_table(results: "Results") -> "TableView":
    """The linear neuron at each rate."""
    values = ["train_mse", "distance", "settled_epoch", "fall_per_ten_epochs", "growth", "diverged_epoch"]
    return draw.summary_table(results.where(**line_cell(results)).table, by="learning_rate", values=values, **_texts(results))


def stability_table(results: "Results") -> "TableView":
    """Largest stable rate by batch size."""
    values = ["predicted_rate", "critical_rate", "critical_share"]
    return draw.summary_table(_sized(results.where(sweep=True).table), by="batch_size", values=values, **_texts(results))


def second_table(results: "Results") -> "TableView":
    """The second net in all its variants."""
    table = draw.readable(_sized(results.where(**SECOND).table))
    values = ["train_mse", "r2", "held_out_mse", "falls", "plateau_from", "plateau_length"]
    return draw.summary_table(table, by=["target", "output", "batch_size"], values=values, **_texts(results))


def width_table(results: "Results") -> "TableView":
    """Errors by width and noise."""
    values = ["train_mse", "held_out_mse", "held_out_clean_mse", "gap_ratio"]
    return draw.summary_table(results.where(**WIDE).table, by=["noise", "hidden"], values=values, **_texts(results))
