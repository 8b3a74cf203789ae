"""Figures and tables of convolution-arithmetic."""

from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.errors import UsageError
from annlab.measure.convolution import convolution_matrix, convolve, null_space, places, rank
from annlab.studies.features.convolution_arithmetic_exact import INPUT, KERNEL, ROW, ROW_KERNEL, STRIDE, size_grid

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Results

SHIFTS = {"part": "shifts"}
PLAIN: dict[str, Any] = {**SHIFTS, "permuted": False, "trained_shift": 0}
NAMES = {
    "cnn": "CNN",
    "cnn-mean": "CNN, mean over maps",
    "mlp": "MLP of like size",
    "mlp-wide": "MLP, 512 units",
}
LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


def _usual(results: "Results") -> Any:
    """Parameters of the first network with permuted pixels, which has one of every kind beside it."""
    for cell in results.cells:
        if cell.params.permuted:
            return cell.params
    raise UsageError("this run has no network with permuted pixels, beside which the others are read")


def usual(results: "Results") -> int:
    """Number of training images at which networks of all kinds were trained."""
    return int(_usual(results).images)


def steps(results: "Results") -> int:
    """Steps of training of the usual cells."""
    return int(_usual(results).steps)


def compared(results: "Results", **cell: Any) -> "Results":
    """The trained networks at the usual number of steps."""
    return results.where(**SHIFTS, steps=steps(results), **cell)


def _data(results: "Results") -> str:
    return next(str(cell.params.data) for cell in results.cells if cell.params.part == "shifts")


def _numbers(axis: Any, values: np.ndarray, title: str, frames: int = 0) -> None:
    """A matrix written into its cells; the places of a kernel of `frames` cells, side by side, are framed."""
    from matplotlib.patches import Rectangle

    from annlab.draw.style import PALETTE, diverging, panel_title

    top = max(1.0, float(np.abs(values).max()))
    axis.imshow(values, cmap=diverging(), vmin=-2.5 * top, vmax=2.5 * top)
    for (row, column), value in np.ndenumerate(values):
        axis.text(column, row, f"{value:g}".replace("-", "−"), ha="center", va="center", fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(visible=False)
    panel_title(axis, title)
    if frames:
        for index, corner in enumerate((r, c) for r in range(0, values.shape[0], frames) for c in range(0, values.shape[1], frames)):
            axis.add_patch(
                Rectangle(
                    (corner[1] - 0.46, corner[0] - 0.46), frames - 0.08, frames - 0.08, fill=False, edgecolor=PALETTE[index], linewidth=2.2
                )
            )


def worked(results: "Results") -> "Drawing":
    """Input, kernel and output with their numbers."""
    from annlab.draw.style import figure, house

    output = convolve(INPUT, KERNEL, STRIDE)
    with house():
        made, axes = figure(1, 3, width=6.4, height=2.6)
        panels = {"input, 4 x 4": INPUT, "kernel, 2 x 2": KERNEL, "output, 2 x 2": output}
        for axis, (title, values) in zip(axes.flat, panels.items(), strict=True):
            _numbers(axis, values, title, frames=2 if values is INPUT else 1 if values is output else 0)
            axis.set_xlim(-0.55, 3.55)
            axis.set_ylim(3.55, -0.55)
            for spine in axis.spines.values():
                spine.set_visible(False)
    shown = "; ".join(" ".join(f"{value:g}" for value in row) for row in output)
    return draw.Drawing(made, alt=f"The worked convolution: its output is {shown}.")


def toeplitz(results: "Results") -> "Drawing":
    """The matrix of the worked row, its transpose and their product."""
    from annlab.draw.style import figure, house

    A = convolution_matrix(ROW_KERNEL, ROW.shape)
    with house():
        made, axes = figure(1, 3, width=7.2, height=2.7)
        for axis, (title, values) in zip(axes.flat, {"A": A, "Aᵀ": A.T, "Aᵀ A": A.T @ A}.items(), strict=True):
            _numbers(axis, values, f"{title}, {values.shape[0]} x {values.shape[1]}, rank {rank(values)}")
    return draw.Drawing(made, alt=f"Toeplitz matrix of rank {rank(A)}, its transpose, and their product, which is not the identity.")


def toeplitz_plane(results: "Results") -> "Drawing":
    """A block Toeplitz matrix and some of its null space."""
    from annlab.draw.style import colour_bar, diverging, figure, house, panel_title

    A = convolution_matrix(LAPLACE, (6, 6))
    lost = null_space(A).T[:5].reshape(-1, 6, 6)
    with house():
        made, axes = figure(2, 3, width=7.2, height=4.4)
        first = axes.flat[0]
        shown = first.imshow(A, cmap=diverging(), vmin=-4, vmax=4, aspect="auto", interpolation="nearest")
        panel_title(first, f"A, {A.shape[0]} x {A.shape[1]}, rank {rank(A)}")
        first.set_xlabel("input pixel")
        first.set_ylabel("output pixel")
        first.grid(visible=False)
        colour_bar(made, shown, first, "weight")
        top = float(np.abs(lost).max())
        for number, (axis, image) in enumerate(zip(axes.flat[1:], lost, strict=True), 1):
            axis.imshow(image, cmap=diverging(), vmin=-top, vmax=top)
            axis.set_axis_off()
            panel_title(axis, f"lost image {number} of {A.shape[1] - rank(A)}")
    return draw.Drawing(made, alt=f"Matrix of a convolution in the plane and images of its null space, {A.shape[1] - rank(A)} in all.")


def sizes(results: "Results") -> "Drawing":
    """Output edge by kernel, stride and padding."""
    import pandas as pd

    from annlab.nets.shapes import output_size

    rows = [
        {"kernel": m, "setting": f"stride {s}, padding {p}", "edge": output_size(28, m, s, p)}
        for s in (1, 2, 3)
        for p in (0, 1)
        for m in range(1, 12)
    ]
    return draw.curves(
        pd.DataFrame(rows), x="kernel", y="edge", by="setting", markers=True, band=None, x_label="edge of the kernel",
        x_unit="pixels", y_label="edge of the output", y_unit="pixels",
    )  # fmt: skip


def _kept(results: "Results") -> dict[str, np.ndarray]:
    for record in results.where(**PLAIN, network="cnn").records:
        if record.outcome is not None and "maps" in record.outcome.arrays and record.cell.params.images == usual(results):
            return dict(record.outcome.arrays)
    raise ValueError("no feature maps are stored")


def feature_maps(results: "Results") -> "Drawing":
    """A digit and its maps, in the middle and moved."""
    kept = _kept(results)
    maps = kept["maps"] / kept["maps"].max(axis=(0, 2, 3), keepdims=True).clip(1e-6)
    rows = {}
    for index, name in enumerate(("in the middle", "4 pixels right")):
        digit = kept["digits"][index].astype(float)[None] / 255.0
        rows[name] = [digit[0], *(np.kron(each, np.ones((2, 2))) for each in maps[index])]
    titles = ["digit", *(f"map {number}" for number in range(1, maps.shape[1] + 1))]
    return draw.image_sheet({name: np.stack(images) for name, images in rows.items()}, titles=titles, size=0.85)


def maps_caption(results: "Results") -> str:
    """Caption that says the stride."""
    return (
        "A test digit and six maps of the first convolution after the rectifier, stride 2: where the digit moves by 4 pixels, the maps "
        f"move by 2 of theirs ({_data(results)})."
    )


def _curves(results: "Results", column: str, label: str) -> "Drawing":
    held = compared(results, permuted=False, images=usual(results))
    frame = held.series("shifts")
    trained = frame["trained_shift"] if "trained_shift" in frame.columns else 0
    words: Any = frame["network"].map(NAMES) + np.where(trained > 0, ", trained on moved digits", "")
    return draw.curves(
        frame.assign(network=words), x="shift", y=column, by="network", markers=True, x_label="moved by", x_unit="pixels", y_label=label
    )


def accuracy_by_shift(results: "Results") -> "Drawing":
    """Accuracy by shift and network."""
    return _curves(results, "accuracy", "test accuracy")


def unchanged_by_shift(results: "Results") -> "Drawing":
    """Unchanged predictions by shift and network."""
    return _curves(results, "unchanged", "predictions unchanged, share")


def _trained(results: "Results") -> str:
    return f"{usual(results)} training images, {steps(results)} steps, {_data(results)}"


def shift_caption(results: "Results") -> str:
    """Caption with the data."""
    return f"Test accuracy on digits moved out of the middle; bands are 95 % intervals over replicates ({_trained(results)})."


def unchanged_caption(results: "Results") -> str:
    """Caption with the data."""
    return f"Share of test digits that are called the same as in the middle of the image, right or wrong ({_trained(results)})."


def training_images(results: "Results") -> "Drawing":
    """Accuracy by number of training images."""
    table = compared(results, permuted=False, trained_shift=0).table
    frame = table.assign(network=table["network"].map(NAMES))
    return draw.curves(
        frame, x="images", y="accuracy_0", by="network", log_x=True, markers=True, x_label="training images", y_label="test accuracy"
    )


def images_caption(results: "Results") -> str:
    """Caption with the data."""
    count = f"{steps(results)} steps each"
    return f"Test accuracy in the middle by number of training images, {count}; bands are 95 % intervals ({_data(results)})."


def _orders(results: "Results") -> "pd.DataFrame":
    table = compared(results, images=usual(results), trained_shift=0, network=["cnn", "mlp"]).table
    return table.assign(network=table["network"].map(NAMES), pixels=np.where(table["permuted"], "permuted", "in their order"))


def permuted(results: "Results") -> "Drawing":
    """Accuracy with pixels in their order and permuted."""
    return draw.interval_bars(_orders(results), by="network", value="accuracy_0", group="pixels", label="test accuracy")


def permuted_caption(results: "Results") -> str:
    """Caption with the data."""
    return f"Test accuracy with pixels in their order and in one random order for all images, 95 % intervals ({_trained(results)})."


def worked_table(results: "Results") -> "TableView":
    """Every place with its products."""
    import pandas as pd

    rows = []
    for place in places(INPUT, KERNEL, STRIDE):
        terms = " + ".join(f"{k:g}·{x:g}" for k, x in zip(KERNEL.ravel(), place.patch.ravel(), strict=True))
        patch = "; ".join(" ".join(f"{x:g}" for x in line) for line in place.patch)
        rows.append({"output": f"({place.index[0]}, {place.index[1]})", "under the kernel": patch, "sum": terms, "value": place.value})
    return draw.TableView(pd.DataFrame(rows))


def sizes_table(results: "Results") -> "TableView":
    """Sizes by stride and padding: how many agree, how many needed rounding."""
    import pandas as pd

    rows = []
    frame = pd.DataFrame(size_grid(), columns=["n", "m", "padding", "stride", "ours", "theirs"])
    for (stride, padding), part in frame.groupby(["stride", "padding"]):
        fits = part[part["ours"].notna()]
        whole = (fits["n"] - fits["m"] + 2 * fits["padding"]) % fits["stride"] == 0
        rows.append(
            {
                "stride": stride,
                "padding": padding,
                "settings": len(part),
                "kernel too large": len(part) - len(fits),
                "rounded down": int((~whole).sum()),
                "unlike torch": int((part["ours"].fillna(-1) != part["theirs"].fillna(-1)).sum()),
            }
        )
    return draw.TableView(pd.DataFrame(rows))


def _exact(results: "Results", names: list[str]) -> "TableView":
    import pandas as pd

    metrics, outcome = results.study.metrics, results.where(part="arithmetic")
    rows = []
    for name in names:
        values = outcome.table[name]
        rows.append({"quantity": metrics[name].label, "smallest": values.min(), "largest": values.max(), "replicates": len(values)})
    return draw.TableView(pd.DataFrame(rows))


def matrix_table(results: "Results") -> "TableView":
    """What the matrices keep and lose."""
    differences = [f"{kind}_difference_{axes}d" for kind in ("matrix", "transposed") for axes in (1, 2)]
    return _exact(results, [*differences, "rank", "null_dimension", "transpose_error", "inverse_error", "lost_share"])


def equivariance_table(results: "Results") -> "TableView":
    """Where moving and convolving may be exchanged."""
    return _exact(results, [f"equivariance_{where}" for where in ("circular", "interior", "border", "stride_even", "stride_odd")])


def networks_table(results: "Results") -> "TableView":
    """All trained cells."""
    table = results.where(**SHIFTS).table
    frame = table.assign(
        network=table["network"].map(NAMES),
        pixels=np.where(table["permuted"], "permuted", "in order"),
        trained=table["trained_shift"].map(lambda pixels: f"moved by up to {pixels}" if pixels else "in the middle"),
        length=table["steps"],
    )
    texts = draw.texts(results, images="training images", trained="training digits", length="steps")
    values = ["parameters", "accuracy_0", "accuracy_6", "unchanged_6"]
    return draw.summary_table(frame, by=["network", "images", "length", "pixels", "trained"], values=values, **texts)
