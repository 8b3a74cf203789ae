"""Points drawn from known distributions: two moons, a sparse linear model, correlated Gaussians, monthly temperatures.

Each ``draw_...`` function draws from the generator it is given. Its namesake without ``draw_`` is the bundled set, drawn from bits
that NumPy keeps for good and rounded to six decimals, so that all machines make the same numbers.
"""

from typing import Protocol

import numpy as np

__all__ = [
    "draw_gaussian",
    "draw_sparse_linear",
    "draw_two_moons",
    "gaussian",
    "gaussian_spectrum",
    "seasonal",
    "sparse_linear",
    "two_moons",
]

DECIMALS = 6
MONTHS = 1_716
STATIONS = ("southern tropics", "northern inland", "northern coast")


class Source(Protocol):
    """What is asked of a random generator; `numpy.random.Generator` has it."""

    def random(self, size: tuple[int, ...]) -> np.ndarray:
        """Uniform numbers in [0, 1)."""

    def standard_normal(self, size: tuple[int, ...]) -> np.ndarray:
        """Normal numbers of mean 0 and variance 1."""


class FixedBits:
    """A source whose numbers come from PCG64's raw output, which does not change between versions of NumPy."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def random(self, size: tuple[int, ...]) -> np.ndarray:
        """Uniform numbers in [0, 1), multiples of 2^-53."""
        raw = np.asarray(self._bits.random_raw(int(np.prod(size))), dtype=np.uint64) >> np.uint64(11)
        return np.asarray(raw.astype(np.float64).reshape(size) * 2.0**-53)

    def standard_normal(self, size: tuple[int, ...]) -> np.ndarray:
        """Normal numbers by the transform of Box and Muller (1958)."""
        first, second = self.random(size), self.random(size)
        return np.asarray(np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second))


def two_moons() -> dict[str, np.ndarray]:
    """1,000 points of `draw_two_moons` with noise 0.1: ``X`` (1000, 2) float64, ``y`` (1000,) int64."""
    X, y = draw_two_moons(1_000, 0.1, FixedBits(101))
    return {"X": np.round(X, DECIMALS), "y": y}


def draw_two_moons(n: int, noise: float, rng: Source) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles of radius 1 that reach into each other, in a random order of the two.

    The upper moon (class 0) is (cos t, sin t), the lower one (class 1) (1 - cos t, 1/2 - sin t), t uniform in [0, pi]; Gaussian
    noise is added to both coordinates.

    Args:
        n: number of points, half of them (rounded up) in the upper moon.
        noise: standard deviation of the noise.
        rng: draws the angles, the noise and the order of the points, in this turn.

    Returns:
        X (n, 2) float64 and y (n,) int64.
    """
    angle = np.pi * rng.random((n,))
    y = (np.arange(n) >= (n + 1) // 2).astype(np.int64)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    X = np.where(y[:, None] == 0, upper, np.array([1.0, 0.5]) - upper) + noise * rng.standard_normal((n, 2))
    order = np.argsort(rng.random((n,)), kind="stable")
    return X[order], y[order]


def sparse_linear() -> dict[str, np.ndarray]:
    """200 points of `draw_sparse_linear`, 100 inputs of which 10 matter, noise 1.

    Returns:
        ``X`` (200, 100), ``y`` (200,) and the true ``weights`` (100,), float64.
    """
    X, y, weights = draw_sparse_linear(200, 100, 10, 1.0, FixedBits(202))
    return {"X": np.round(X, DECIMALS), "y": np.round(y, DECIMALS), "weights": np.round(weights, DECIMALS)}


def draw_sparse_linear(n: int, inputs: int, relevant: int, noise: float, rng: Source) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A linear model most of whose weights are 0: y = X w + noise.

    Args:
        n: number of points.
        inputs: number of inputs, each standard normal and independent.
        relevant: number of weights that are not 0; they are standard normal, moved away from 0 by 1/2, at random places.
        noise: standard deviation of the Gaussian noise in y.
        rng: draws the places, the weights, the inputs and the noise, in this turn.

    Returns:
        X (n, inputs), y (n,) and w (inputs,), float64.

    Raises:
        ValueError: for more relevant inputs than inputs.
    """
    if not 0 <= relevant <= inputs:
        raise ValueError(f"the number of relevant inputs must lie between 0 and {inputs}, got {relevant}")
    places = np.argsort(rng.random((inputs,)), kind="stable")[:relevant]
    drawn = rng.standard_normal((relevant,))
    weights = np.zeros(inputs)
    weights[places] = drawn + np.where(drawn < 0, -0.5, 0.5)
    X = rng.standard_normal((n, inputs))
    y = (X * weights).sum(axis=1) + noise * rng.standard_normal((n,))
    return X, y, weights


def gaussian() -> dict[str, np.ndarray]:
    """500 points of `draw_gaussian` in 50 dimensions, independent and of variance 1: ``X`` (500, 50) float64."""
    return {"X": np.round(draw_gaussian(500, 50, 0.0, FixedBits(303)), DECIMALS)}


def draw_gaussian(n: int, dimensions: int, decay: float, rng: Source) -> np.ndarray:
    """Centred Gaussian points whose independent coordinates have the variances of `gaussian_spectrum`.

    Args:
        n: number of points.
        dimensions: number of coordinates.
        decay: 0 for equal variances, larger for a steeper spectrum.
        rng: draws the coordinates.

    Returns:
        X (n, dimensions) float64.
    """
    return np.asarray(rng.standard_normal((n, dimensions)) * np.sqrt(gaussian_spectrum(dimensions, decay)))


def gaussian_spectrum(dimensions: int, decay: float) -> np.ndarray:
    """Variances exp(-decay i), i = 0 ... dimensions - 1; a tail's sum is the squared error of the best projection on the rest."""
    return np.asarray(np.exp(-decay * np.arange(dimensions)))


def seasonal() -> dict[str, np.ndarray]:
    """Synthetic monthly temperatures of three made-up places, 1870-01 to 2012-12: nothing here was measured.

    A month is ``mean + trend + swing cos(2 pi (month - warmest) / 12) + second harmonic + weather`` in degrees Celsius,
    rounded to three decimals as in the Berkeley Earth tables. The weather is autoregressive of order one; the trend is 0 until
    1920 and then rises by 0.01 degrees a year. The places take after the climates of Rio de Janeiro, Paris
    and London, without being any of them.

    Returns:
        ``temperature`` (1716, 3) float64 and ``month`` (1716,), the first day of each month.
    """
    place = np.array(  # mean, swing, warmest month (0 = January), second harmonic, weather's deviation and memory
        [(23.9, 2.6, 1.2, 0.2, 0.75, 0.35), (10.6, 7.7, 6.4, 0.4, 1.45, 0.25), (9.6, 6.4, 6.5, 0.3, 1.25, 0.25)]
    )
    mean, swing, warmest, second, deviation, memory = place.T
    months = np.arange(MONTHS)
    phase = 2 * np.pi * (months[:, None] - warmest) / 12
    shocks = FixedBits(404).standard_normal((MONTHS, len(place)))
    weather = np.zeros((MONTHS, len(place)))
    weather[0] = shocks[0]
    for t in range(1, MONTHS):
        weather[t] = memory * weather[t - 1] + np.sqrt(1 - memory**2) * shocks[t]
    trend = 0.01 * np.maximum(months / 12 - 50, 0)[:, None]
    temperature = mean + trend + swing * np.cos(phase) + second * np.cos(2 * phase) + deviation * weather
    return {"temperature": np.round(temperature, 3), "month": np.datetime64("1870-01", "M") + months}
