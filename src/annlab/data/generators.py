"""Data sets that need no file: five functions of our own, the noisy surface's clean values, and what scikit-learn carries."""

import numpy as np

__all__ = [
    "BREAST_CANCER_COLUMNS",
    "breast_cancer",
    "digits28",
    "enlarge",
    "five_functions",
    "five_surfaces",
    "iris",
    "noisy_surface",
    "surface",
]

POINTS = 13_600
SEED = 1943
SIDE = 40
HALF_WIDTH = 3.0
TRAINING_DIGITS = 1_437
NUCLEUS = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
BREAST_CANCER_COLUMNS = (
    *(f"mean {measure}" for measure in NUCLEUS),
    *(f"{measure} error" for measure in NUCLEUS),
    *(f"worst {measure}" for measure in NUCLEUS),
)


def five_surfaces() -> dict[str, np.ndarray]:
    """Scattered points of `five_functions` on the unit square.

    The coordinates are the top 53 bits of PCG64's raw output, whose stream NumPy keeps for good, and every number is rounded to
    six decimals, so that all machines make the same set. Rows come in the order of the first coordinate, as in the course's file.

    Returns:
        ``X`` (13600, 2) and ``T`` (13600, 5), float64.
    """
    bits = np.random.PCG64(SEED).random_raw(2 * POINTS) >> 11
    X = np.round(bits.reshape(POINTS, 2) * 2.0**-53, 6)
    X = X[np.argsort(X[:, 0], kind="stable")]
    return {"X": X, "T": np.round(five_functions(X), 6)}


def five_functions(X: np.ndarray) -> np.ndarray:
    """Five smooth nonlinear functions of (x, y) in the unit square: waves, a folded sheet, a well, a twisted step, two hills and a pit.

    ::

        T1 = 2.3 + 1.05 sin(1.6 pi x + 0.6) + 0.95 cos(2.4 pi y - 2.2)
        T2 = 4.2 + 3.6 (2x - 1)^3 sin(2 pi y + 0.5) + 0.8 cos(pi y)
        T3 = 3.4 (1 - exp(-7 ((x - 0.45)^2 + (y - 0.55)^2)))
        T4 = 3.6 + 2.5 tanh(2.4 (x - 0.5)) cos(pi y)
        T5 = 2.6 + 3.8 exp(-25 ((x - 0.75)^2 + (y - 0.25)^2)) + 2 exp(-30 ((x - 0.25)^2 + (y - 0.3)^2))
                 - 2.5 exp(-20 ((x - 0.7)^2 + (y - 0.75)^2))

    Args:
        X: points, (n, 2).

    Returns:
        Values (n, 5), all above 0; each function has a standard deviation of about 1 over the square.
    """
    x, y = X[:, 0], X[:, 1]
    return np.column_stack(
        [
            2.3 + 1.05 * np.sin(1.6 * np.pi * x + 0.6) + 0.95 * np.cos(2.4 * np.pi * y - 2.2),
            4.2 + 3.6 * (2 * x - 1) ** 3 * np.sin(2 * np.pi * y + 0.5) + 0.8 * np.cos(np.pi * y),
            3.4 * (1 - _bump(x, y, 7, 0.45, 0.55)),
            3.6 + 2.5 * np.tanh(2.4 * (x - 0.5)) * np.cos(np.pi * y),
            2.6 + 3.8 * _bump(x, y, 25, 0.75, 0.25) + 2 * _bump(x, y, 30, 0.25, 0.3) - 2.5 * _bump(x, y, 20, 0.7, 0.75),
        ]
    )


def _bump(x: np.ndarray, y: np.ndarray, steepness: float, centre_x: float, centre_y: float) -> np.ndarray:
    return np.exp(-steepness * ((x - centre_x) ** 2 + (y - centre_y) ** 2))


def noisy_surface() -> dict[str, np.ndarray]:
    """Clean values of `surface` on a 40 x 40 grid over [-3, 3]^2; the noise is drawn by whoever uses it.

    Row ``40 * i + j`` is the point (x_j, y_i), so that ``y.reshape(40, 40)`` has x along its columns.

    Returns:
        ``X`` (1600, 2) and ``y`` (1600,), float64.
    """
    axis = np.linspace(-HALF_WIDTH, HALF_WIDTH, SIDE)
    X = np.column_stack([np.tile(axis, SIDE), np.repeat(axis, SIDE)])
    return {"X": X, "y": surface(X)}


def surface(X: np.ndarray) -> np.ndarray:
    """f(x, y) = sin(0.8 r^2) / (r^2)^0.9 with r^2 = x^2 + y^2, and its limit 0 at the origin, where f is about 0.8 r^0.2.

    Args:
        X: points, (..., 2).

    Returns:
        Values, (...).
    """
    squared = np.square(X).sum(axis=-1)
    safe = np.where(squared > 0, squared, 1.0)
    return np.where(squared > 0, np.sin(0.8 * safe) / safe**0.9, 0.0)


def digits28() -> dict[str, np.ndarray]:
    """The 1,797 UCI digits that come with scikit-learn, 8 x 8 in 17 grey levels, enlarged to 28 x 28 in 256.

    The first 1,437 of the file train and the last 360 test; nothing is drawn at random. The file goes writer by writer, so the
    test digits are mostly of hands not seen in training.

    Returns:
        ``X_train`` (1437, 28, 28) uint8, ``y_train`` (1437,) int64, ``X_test`` (360, 28, 28), ``y_test`` (360,).
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    X, y = enlarge(digits.images.astype(np.int64)), digits.target.astype(np.int64)
    cut = TRAINING_DIGITS
    return {"X_train": X[:cut], "y_train": y[:cut], "X_test": X[cut:], "y_test": y[cut:]}


def breast_cancer() -> dict[str, np.ndarray]:
    """The Wisconsin Diagnostic Breast Cancer set that comes with scikit-learn: ``X`` (569, 30), ``y`` (569,), 0 = malignant, 1 = benign."""
    from sklearn.datasets import load_breast_cancer

    source = load_breast_cancer()
    return {"X": source.data.astype(np.float64), "y": source.target.astype(np.int64)}


def iris() -> dict[str, np.ndarray]:
    """Fisher's iris as it comes with scikit-learn, as in his paper: ``X`` (150, 4) in cm, ``y`` (150,), the species in order."""
    from sklearn.datasets import load_iris

    source = load_iris()
    return {"X": source.data.astype(np.float64), "y": source.target.astype(np.int64)}


def enlarge(images: np.ndarray) -> np.ndarray:
    """Bilinear enlargement of images from 8 x 8 to 28 x 28 pixels, aligned at their outer edges, and from levels 0-16 to 0-255.

    Pixel i lies at (4 i - 5) / 14 in the small image, so all weights are fourteenths and whole numbers give the exact result,
    rounded half up.

    Args:
        images: (n, 8, 8), whole numbers 0 to 16.

    Returns:
        (n, 28, 28) uint8.
    """
    place = np.clip(4 * np.arange(28) - 5, 0, 14 * 7)  # in fourteenths of a pixel
    left = np.minimum(place // 14, 6)
    weights = np.zeros((28, 8), dtype=np.int64)
    weights[np.arange(28), left] = 14 * (left + 1) - place
    weights[np.arange(28), left + 1] = place - 14 * left
    sums = weights @ images.astype(np.int64) @ weights.T  # 196 times the small image's levels
    return ((2 * 255 * sums + 196 * 16) // (2 * 196 * 16)).astype(np.uint8)
