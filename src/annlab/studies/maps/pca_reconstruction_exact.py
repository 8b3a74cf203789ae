"""What pca-reconstruction computes: principal components by our own steps and by the library, reconstruction errors, and their theory."""

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Components", "agreement", "by_library", "decompose", "expected_errors", "needed", "population_errors", "reconstruction_errors"]


@dataclass(frozen=True)
class Components:
    """Principal components of rows of data.

    Attributes:
        mean: of the columns, (features,).
        variances: variance along each component, in falling order, (components,); the mean square, divided by n.
        vectors: unit vectors, one a column, (features, components).
    """

    mean: np.ndarray
    variances: np.ndarray
    vectors: np.ndarray

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Coordinates of the rows along the components, (n, components)."""
        return np.asarray((X - self.mean) @ self.vectors)

    def known(self) -> int:
        """Components with a variance above rounding; the directions of the others are arbitrary."""
        return int((self.variances > 1e-10 * self.variances[0]).sum())


def decompose(X: np.ndarray) -> Components:
    """Principal components step by step: centre, covariance C = A^T A / n, eigenvectors of C by falling eigenvalue."""
    mean = X.mean(axis=0)
    centred = X - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(X))
    return Components(mean, np.maximum(values[::-1], 0.0), vectors[:, ::-1])


def by_library(X: np.ndarray) -> Components:
    """The same from scikit-learn's ``PCA`` by its singular value decomposition, variances rescaled from n - 1 to n."""
    from sklearn.decomposition import PCA

    fitted = PCA(svd_solver="full").fit(X)
    return Components(fitted.mean_, fitted.explained_variance_ * (len(X) - 1) / len(X), fitted.components_.T)


def reconstruction_errors(parts: Components, X: np.ndarray) -> np.ndarray:
    """Root mean squared error per entry of rows rebuilt from 0, 1, ... all components, (components + 1,)."""
    scores, left = parts.scores(X), X - parts.mean
    errors = [math.sqrt(float(np.mean(left**2)))]
    for score, vector in zip(scores.T, parts.vectors.T, strict=True):
        left = left - np.outer(score, vector)
        errors.append(math.sqrt(float(np.mean(left**2))))
    return np.array(errors)


def population_errors(dimensions: int) -> np.ndarray:
    """sqrt(1 - k / d) for k = 0 ... d: d independent directions of variance 1, of which any k are kept."""
    return np.sqrt(1.0 - np.arange(dimensions + 1) / dimensions)


def expected_errors(samples: int, dimensions: int) -> np.ndarray:
    """The error that the largest k of d sample eigenvalues leave for standard normal rows, in the limit of Marchenko and Pastur (1967).

    With the ratio c = d / (n - 1) the eigenvalues are l = 1 + c + 2 sqrt(c) cos(t), t in (0, pi), and a share
    2 sin^2(t) / (pi l) dt of them lies at t. Those up to t hold (t - sin t cos t) / pi of the variance. Centring costs a
    factor (n - 1) / n of the mean square.
    """
    ratio = dimensions / (samples - 1)
    t = np.linspace(0.0, np.pi, 20_001)
    middle = (t[1:] + t[:-1]) / 2  # the density may be unbounded at the ends
    density = 2 * np.sin(middle) ** 2 / (np.pi * (1 + ratio + 2 * math.sqrt(ratio) * np.cos(middle)))
    share = np.concatenate([[0.0], np.cumsum(density) * (t[1] - t[0])])
    kept = np.interp(np.arange(dimensions + 1) / dimensions, share, (t - np.sin(t) * np.cos(t)) / np.pi)
    kept[-1] = 1.0
    return np.asarray(np.sqrt((samples - 1) / samples * (1.0 - kept)))


def needed(variances: np.ndarray, share: float) -> int:
    """Smallest number of components that hold at least `share` of the variance."""
    held = np.cumsum(variances) / variances.sum()
    return int(np.searchsorted(held, share - 1e-12)) + 1


def agreement(own: Components, library: Components, X: np.ndarray, theirs: np.ndarray) -> dict[str, float]:
    """How the components of `X` and those that the library found in `theirs`, the same rows, agree up to sign.

    ``direction_difference`` is the largest 1 - |cos| between two components of one rank, ``variance_difference`` the largest
    difference of variances as a share of the first, ``score_difference`` the largest root mean square difference of the first two
    scores, each scaled to variance 1, after the signs are made equal, and ``signed_difference`` that before. ``flipped`` is the
    share of components that point the other way.
    """
    known = min(own.known(), library.known())
    cosines = (own.vectors[:, :known] * library.vectors[:, :known]).sum(axis=0)
    first, second = own.scores(X)[:, :2], library.scores(theirs)[:, :2]
    first, second = first / first.std(axis=0), second / second.std(axis=0)
    signs = np.sign((first * second).sum(axis=0))
    apart = np.sqrt(((first - signs * second) ** 2).mean(axis=0))
    signed = np.sqrt(((first - second) ** 2).mean(axis=0))
    changes = np.abs(own.variances[:known] - library.variances[:known])
    return {
        "direction_difference": float((1 - np.abs(cosines)).clip(0.0).max()),
        "variance_difference": float(changes.max() / own.variances[0]),
        "score_difference": float(apart.max()),
        "signed_difference": float(signed.max()),
        "flipped": float((cosines < 0).mean()),
    }
