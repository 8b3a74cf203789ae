"""Frames as studies give them."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def history(rng):
    """Losses of two optimisers, 6 replicates, 20 epochs; every run has its own speed."""
    epochs = np.arange(1, 21)
    parts = [
        pd.DataFrame(
            {
                "optimizer": name,
                "replicate": replicate,
                "epoch": epochs,
                "seconds": epochs * speed * (1 + 0.1 * replicate),
                "train_loss": np.exp(-epochs / scale + rng.normal(0, 0.2, 20)),
                "validation_loss": np.exp(-epochs / scale + rng.normal(0, 0.2, 20)) + 0.1,
            }
        )
        for name, scale, speed in (("sgd", 10.0, 0.01), ("adam", 4.0, 0.02))
        for replicate in range(6)
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def table(rng):
    """Errors of a 3 x 2 grid with 6 replicates, replicates sharing an offset."""
    offsets = rng.normal(0, 0.3, 6)
    rows = [
        {
            "hidden": hidden,
            "activation": activation,
            "replicate": replicate,
            "n_train": hidden * 10,
            "validation_mse": level / hidden * np.exp(offsets[replicate] + rng.normal(0, 0.02)),
            "train_mse": level / hidden / 2 * np.exp(offsets[replicate]),
        }
        for hidden in (3, 10, 50)
        for activation, level in (("tanh", 1.0), ("relu", 2.0))
        for replicate in range(6)
    ]
    return pd.DataFrame(rows)
