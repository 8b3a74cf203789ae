"""What the report says of pca-reconstruction, and which cells answer."""

from typing import Any

from annlab.lab import claim, greater, less, metric
from annlab.lab.claims import all_of, equal_within

GAUSSIAN: dict[str, Any] = {"data": "gaussian", "samples": 500}
IRIS: dict[str, Any] = {"data": "iris", "scaling": "standardised", "library_input": "same"}
SIZES: dict[str, Any] = {"variants": {"samples": [500, 50, 100, 120, 200, 1000, 10_000]}, "chosen": ("samples",)}


def exact(name: str) -> Any:
    """A metric of iris in which nothing is random."""
    return metric(name, exact=True)


CLAIMS = [
    claim("pca-reconstruction.gaussian.rmse.0", cell={"data": "gaussian"}, value=metric("rmse_none"), tolerance=0.05, **SIZES),
    claim("pca-reconstruction.gaussian.rmse.50", cell={"data": "gaussian"}, value=metric("rmse_all"), **SIZES),
    claim(  # a line: nowhere farther from it than a twentieth of the error without components; theory comes nearest at about 120 rows
        "pca-reconstruction.gaussian.linear",
        cell={"data": "gaussian"},
        test=less(metric("line_gap"), 0.05, contrary="below-margin"),
        **SIZES,
    ),
    claim("pca-reconstruction.iris.rmse.0", cell=IRIS, value=exact("rmse_none")),
    claim("pca-reconstruction.iris.rmse.4", cell=IRIS, value=exact("rmse_all")),
    claim(  # like one over the number: two components leave half of what one leaves, three a third
        "pca-reconstruction.iris.inverse",
        cell=IRIS,
        test=all_of(
            equal_within(exact("second_over_first"), 1 / 2, margin=0.05),
            equal_within(exact("third_over_first"), 1 / 3, margin=0.05),
        ),
    ),
    claim(  # a small error: more than 95 % of the variance is held
        "pca-reconstruction.iris.two-enough",
        cell=IRIS,
        test=greater(exact("two_explained"), 0.95, contrary="below-margin"),
    ),
    claim(  # one component, and half of the components, remove more; without the last one less than a tenth of the error comes back
        "pca-reconstruction.iris.drop-faster-than-gaussian",
        test=all_of(
            greater(metric("first_drop").at(**IRIS), metric("first_drop").at(**GAUSSIAN), margin=0.1),
            greater(metric("half_drop").at(**IRIS), metric("half_drop").at(**GAUSSIAN), margin=0.1),
            less(exact("last_left").at(**IRIS), 0.1, contrary="below-margin"),
        ),
        chosen=("samples",),
    ),
    claim(  # a picture that differs: scores of variance 1 that lie further apart than rounding explains
        "pca-reconstruction.iris.sklearn-differs",
        cell={"data": "iris", "scaling": "standardised"},
        test=greater(exact("score_difference"), 1e-6, contrary="below-margin"),
        variants={"library_input": ["same", "raw"]},
        chosen=("library_input",),
    ),
]
