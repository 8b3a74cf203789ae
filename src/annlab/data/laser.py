"""A synthetic chaotic laser: the Lorenz-Haken equations, sampled and quantised so that they resemble the Santa Fe set A."""

import numpy as np

__all__ = ["intensity", "laser"]

SIGMA, BETA, PUMP = 2.0, 0.4, 18.2
INTERVAL = 0.337
BLOCK = 10
DECIMALS = 6
START = (-1.313037, 0.719617, 17.638635)
DARK, GAIN = 4.0, 8.54
TRAINING, CONTINUATION = 1_000, 100


def laser() -> dict[str, np.ndarray]:
    """1,000 values to learn from and the 100 that follow, whole numbers 0 to 255 as an 8-bit instrument would give them.

    A value is round(4 + 8.54 I), cut off at 255, with I of `intensity`. The level, the gain and the start on the attractor are
    chosen so that mean, spread, histogram and the seven to eight samples a pulse are about those of set A and that, as there,
    the pulses grow for hundreds of samples and collapse several times, once after the end of the training series. The values are synthetic:
    nothing here was measured.

    Returns:
        ``train`` (1000,) and ``test`` (100,), float64.
    """
    counts = np.clip(np.floor(DARK + GAIN * intensity(TRAINING + CONTINUATION) + 0.5), 0, 255)
    return {"train": counts[:TRAINING], "test": counts[TRAINING:]}


def intensity(samples: int, start: tuple[float, float, float] = START) -> np.ndarray:
    """Intensity of a single-mode laser by the Lorenz-Haken equations, averaged over each sampling interval.

    ::

        E' = sigma (P - E),   P' = E (r - D) - P,   D' = E P - b D,   I = E^2

    with sigma = 2, b = 0.4, r = 18.2, just above the point where the steady beam loses its stability (r = 18). Time is in
    lifetimes of the polarisation, and a sample takes 0.337 of them. Chaos makes the last digit of a machine's arithmetic large in the
    end; so the state is rounded to six decimals after every ten samples, and all machines follow the same orbit.

    H. Haken, "Analogy between higher instabilities in fluids and lasers", Physics Letters A 53, 77-78, 1975.

    Args:
        samples: number of values.
        start: field, polarisation and inversion at the beginning.

    Returns:
        (samples,) float64, at least 0.
    """
    from scipy.integrate import solve_ivp

    ends = INTERVAL * np.arange(1, BLOCK + 1)
    state, parts = start, []
    for _ in range(-(-samples // BLOCK)):
        path = solve_ivp(_rates, (0.0, ends[-1]), (*state, 0.0), method="DOP853", t_eval=ends, rtol=1e-10, atol=1e-10)
        parts.append(np.diff(path.y[3], prepend=0.0) / INTERVAL)
        field, polarisation, inversion = np.round(path.y[:3, -1], DECIMALS).tolist()
        state = (field, polarisation, inversion)
    return np.concatenate(parts)[:samples]


def _rates(_: float, state: np.ndarray) -> tuple[float, float, float, float]:
    """Derivatives of field, polarisation, inversion and of the light collected so far."""
    field, polarisation, inversion, _collected = state.tolist()
    return (
        SIGMA * (polarisation - field),
        field * (PUMP - inversion) - polarisation,
        field * polarisation - BETA * inversion,
        field * field,
    )
