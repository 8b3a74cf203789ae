"""How the results of autoencoder-mnist are read: figures and tables."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from annlab import draw
from annlab.draw.formats import name_words
from annlab.lab.params import as_dict
from annlab.studies.features.autoencoder_mnist_grid import CHANGES, SEARCHED

if TYPE_CHECKING:
    import pandas as pd

    from annlab.draw import Drawing, TableView
    from annlab.lab import Cell, Results

NAMES = {
    "code_size": "code size",
    "batch_size": "batch size",
    "units": "code size",
    "epoch": "epoch",
    "setting": "setting",
    "rows": "code",
    "change": "change of the base",
    "digit": "digit",
}
COMPONENTS = "principal components"
PIXELS = (-1, 28, 28)


def texts(results: "Results") -> dict[str, Any]:
    """Labels and units for the tables."""
    return draw.texts(results, **NAMES)


def searched(results: "Results") -> "Results":
    """Codes and batches alone."""
    return results.where(**SEARCHED)


def codes_of(results: "Results") -> list[int]:
    """Code sizes that were tried with the plain network."""
    return sorted({cell.params.code_size for cell in searched(results).cells})


def smallest_batch(results: "Results") -> int:
    """The smallest batch that was tried."""
    return int(min(cell.params.batch_size for cell in searched(results).cells))


def components_of(results: "Results") -> "Results":
    """The cells of principal components."""
    return results.where(model="pca")


def changes_of(results: "Results") -> dict[str, "Cell"]:
    """The base and the changes that this profile has, by name."""
    found = {name: cell for cell in results.cells for name in cell.names}
    return {name: found[name] for name in ("base", *CHANGES) if name in found}


def caption(text: str) -> "Callable[[Results], str]":
    """A caption that names the data and the numbers of images."""

    def made(results: "Results") -> str:
        params = searched(results).cells[0].params
        return f"{text} ({params.data}, {params.training} images to train on, {params.validation} held out)."

    return made


def settings_shown(results: "Results") -> dict[str, dict[str, Any]]:
    """Settings whose digits are shown, by title: codes at the smallest batch, their epochs, changes, components."""
    batch = smallest_batch(results)
    shown: dict[str, dict[str, Any]] = {}
    for size in codes_of(results):
        cell = {**SEARCHED, "code_size": size, "batch_size": batch}
        arrays = _arrays(results, cell)
        for epoch in (1, 5, 20):
            if f"shown_{epoch}" in arrays and size == codes_of(results)[-1]:
                shown[f"code {size}, {epoch} epoch{'s' * (epoch > 1)}"] = {"array": f"shown_{epoch}", **cell}
        shown[f"code {size}, {results.where(**cell).cells[0].params.epochs} epochs"] = {"array": "shown", **cell}
    for name, changed in changes_of(results).items():
        title = f"base (code {changed.params.code_size})" if name == "base" else name_words(name)
        shown[title] = {"array": "shown", **as_dict(changed.params)}
    for fitted in components_of(results).cells:
        shown[f"{fitted.params.code_size} components"] = {"array": "shown", **as_dict(fitted.params)}
    return {title: setting for title, setting in shown.items() if setting["array"] in _arrays(results, _cell(setting))}


def _cell(setting: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in setting.items() if name != "array"}


def _arrays(results: "Results", cell: dict[str, Any]) -> dict[str, np.ndarray]:
    found = [record for record in results.where(**cell).records if record.replicate == 0 and record.stage == "trial"]
    return {} if not found or found[0].outcome is None else dict(found[0].outcome.arrays)


def _originals(results: "Results") -> np.ndarray:
    return np.asarray(_arrays(results, as_dict(searched(results).cells[0].params))["originals"]).reshape(PIXELS)


def same_digits(results: "Results") -> "Drawing":
    """One held-out image of each digit, rebuilt under every setting."""
    rows = {"original": _originals(results)}
    for title, setting in settings_shown(results).items():
        rows[title] = _arrays(results, _cell(setting))[setting["array"]].reshape(PIXELS)
    return draw.image_sheet(rows, size=0.42)


def same_digits_caption(results: "Results") -> str:
    """Caption of the sheet of digits."""
    epochs = changes_of(results)["base"].params.epochs
    return caption(f"The same held-out digits under all settings, replicate 0; changes are of the base network, {epochs} epochs")(results)


def error_maps(results: "Results") -> "Drawing":
    """Absolute errors of the same digits by code size, on one scale."""
    batch, originals = smallest_batch(results), _originals(results)
    rows: dict[str, np.ndarray] = {"original": originals / 255}
    for size in codes_of(results):
        rebuilt = _arrays(results, {**SEARCHED, "code_size": size, "batch_size": batch})["shown"].reshape(PIXELS)
        rows[f"code {size}"] = np.abs(rebuilt.astype(float) - originals) / 255
    for cell in components_of(results).cells[:1]:
        rebuilt = _arrays(results, as_dict(cell.params))["shown"].reshape(PIXELS)
        rows[f"{cell.params.code_size} components"] = np.abs(rebuilt.astype(float) - originals) / 255
    return draw.image_sheet(rows, limits=(0.0, 1.0), size=0.5)


def errors_caption(results: "Results") -> str:
    """Caption of the error maps."""
    return caption("Absolute errors of the same held-out digits, black none and white a whole grey scale")(results)


def _with_components(results: "Results") -> "pd.DataFrame":
    import pandas as pd

    table = searched(results).table[["replicate", "code_size", "batch_size", "validation_mse"]]
    table = table.assign(setting=[f"batch {batch}" for batch in table["batch_size"]])
    if not components_of(results).cells:
        return table
    other = components_of(results).table[["replicate", "code_size", "validation_mse"]].assign(setting=COMPONENTS)
    return pd.concat([table, other], ignore_index=True)


def by_code(results: "Results") -> "Drawing":
    """Held-out error by code size, a line for each batch size and for components."""
    return draw.curves(
        _with_components(results),
        x="code_size",
        y="validation_mse",
        by="setting",
        log_x=True,
        log_y=True,
        markers=True,
        x_label="code size",
        y_label="held-out MSE per pixel",
        labels=NAMES,
    )


def _curves(results: "Results") -> "pd.DataFrame":
    frame = searched(results).where(batch_size=smallest_batch(results)).series("curves")
    return frame.assign(units=[f"code {size}" for size in frame["code_size"]]) if "code_size" in frame else frame.assign(units="code")


def by_epoch(results: "Results") -> "Drawing":
    """Held-out error by epoch and code size."""
    mean = float(searched(results).table["mean_image_mse"].mean())
    return draw.curves(
        _curves(results),
        y="validation_mse",
        by="units",
        log_y=True,
        y_label="held-out MSE per pixel",
        labels=NAMES,
        reference={"mean image": mean},
    )


def by_sharpness(results: "Results") -> "Drawing":
    """Sharpness by epoch and code size."""
    return draw.curves(_curves(results), y="sharpness", by="units", y_label="sharpness", labels=NAMES, reference={"original": 1.0})


def changed_table(results: "Results") -> "pd.DataFrame":
    """The base and its changes, a row a replicate, with the change in words."""
    import pandas as pd

    parts = [
        results.where(**as_dict(cell.params)).table.assign(change="base" if name == "base" else name_words(name))
        for name, cell in changes_of(results).items()
    ]
    return pd.concat(parts, ignore_index=True)


def changes_figure(results: "Results") -> "Drawing":
    """Held-out error of each change over that of the base, paired by replicate."""
    return draw.paired_differences(
        changed_table(results)[["change", "replicate", "validation_mse"]],
        by="change",
        value="validation_mse",
        baseline="base",
        better="lower",
        ratio=True,
        label="held-out MSE per pixel",
        labels=NAMES,
    )


def changes_caption(results: "Results") -> str:
    """Caption of the changes."""
    base = changes_of(results)["base"].params
    return caption(
        f"Held-out error of each change over that of the base: code {base.code_size}, batch {base.batch_size}, {base.epochs} epochs"
    )(results)


def by_digit(results: "Results") -> "Drawing":
    """Held-out error by digit and code size."""
    frame = searched(results).where(batch_size=smallest_batch(results)).series("by_digit")
    sizes = frame["code_size"] if "code_size" in frame else [codes_of(results)[0]] * len(frame)
    frame = frame.assign(units=[f"code {size}" for size in sizes])
    return draw.interval_bars(
        frame[["digit", "units", "replicate", "mse"]],
        by="digit",
        value="mse",
        group="units",
        log=True,
        label="held-out MSE per pixel",
        labels=NAMES,
    )


def filters(results: "Results") -> "Drawing":
    """Weights from the image to 16 units of the code, and to components."""
    batch = smallest_batch(results)
    rows: dict[str, np.ndarray] = {}
    for size in codes_of(results):
        arrays = _arrays(results, {**SEARCHED, "code_size": size, "batch_size": batch})
        rows[f"code {size}"] = arrays["filters"].reshape(PIXELS)
    for cell in components_of(results).cells[:1]:
        rows["components"] = _arrays(results, as_dict(cell.params))["filters"].reshape(PIXELS)
    scaled = {title: images / np.abs(images).max(axis=(1, 2), keepdims=True).clip(1e-12) for title, images in rows.items()}
    return draw.image_sheet(scaled, limits=(-1.0, 1.0), size=0.4)


def filters_caption(results: "Results") -> str:
    """Caption of the filters."""
    text = (
        "Weights from the image to the first 16 units of each code, and the first principal components; grey is zero, each on its own scale"
    )
    return caption(text)(results)


def codes_table(results: "Results") -> "TableView":
    """Errors, sharpness and dead units by code and batch."""
    values = ["validation_mse", "train_mse", "printed", "sharpness", "dead_units"]
    return draw.summary_table(searched(results).table, by=["code_size", "batch_size"], values=values, **texts(results))


def changes_table(results: "Results") -> "TableView":
    """Changes ranked by held-out error."""
    return draw.ranked_table(changed_table(results), by="change", value="validation_mse", scale="log", **texts(results))


def components_table(results: "Results") -> "TableView":
    """Autoencoders at the smallest batch beside components of the same number."""
    import pandas as pd

    own = searched(results).where(batch_size=smallest_batch(results)).table.assign(setting="autoencoder")
    parts = [own, components_of(results).table.assign(setting=COMPONENTS)]
    values = ["validation_mse", "train_mse", "sharpness"]
    table = pd.concat([part[["code_size", "setting", "replicate", *values]] for part in parts], ignore_index=True)
    return draw.summary_table(table.sort_values("code_size"), by=["code_size", "setting"], values=values, **texts(results))
