"""Which cells of hopfield-digits answer which claim.

The reports leave open how many starts a level has, how their levels are spaced, and when a digit counts as recovered: accuracies in
tenths speak of one start of each digit. A number from so few starts is wide; where it lies outside of what one start of each digit
gives, 100 starts and the other ways to decide a match are asked too. A good reconstruction is one that matches for good.
"""

from typing import Any

from annlab.lab import claim, greater, less, metric, series
from annlab.lab.claims import all_of
from annlab.studies.recurrent.hopfield_digits_grid import BASE

MEASURED: dict[str, Any] = {name: value for name, value in BASE.items() if name not in ("probes", "match", "levels")}
AS_PRINTED: dict[str, Any] = {
    "variants": [{"probes": 1, "levels": levels, "match": match} for levels in (100, 10) for match in ("exact", "signs", "nearest")]
    + [{"probes": 100, "levels": 100, "match": "exact"}],
    "chosen": ("probes", "levels", "match"),
}
AT_EVERY_TENTH: dict[str, Any] = {
    **AS_PRINTED, "variants": [variant for variant in AS_PRINTED["variants"] if variant["levels"] == 100],
}  # fmt: skip


def _needed(level: float) -> Any:
    return series("levels", "needed_recovered", level=level)


CLAIMS = [
    *(
        claim(
            f"hopfield-digits.accuracy.noise-{level}",
            cell=MEASURED,
            value=series("map", "recovered", level=level, iteration=50, better="higher", factor=100.0),
            tolerance=15,
            **AT_EVERY_TENTH,
        )
        for level in (0.0, 0.1, 0.2, 0.3, 0.4, 9.6, 9.7, 9.8, 9.9, 10.0)
    ),
    claim(
        "hopfield-digits.not-always",
        cell=BASE,
        test=less(metric("recovered_high"), 1.0, margin=0.1, contrary="below-margin"),
    ),
    claim(
        "hopfield-digits.more-noise-more-iterations",
        cell=BASE,
        test=all_of(
            greater(metric("iterations_half"), metric("iterations_low"), margin=1.0),
            greater(metric("iterations_high"), metric("iterations_half"), margin=1.0),
        ),
    ),
    claim("hopfield-digits.perfect-up-to-noise", cell=MEASURED, value=metric("perfect_up_to"), tolerance=0.5, **AS_PRINTED),
    claim("hopfield-digits.iterations-noise-5", cell=MEASURED, value=_needed(5.0), tolerance=5, **AS_PRINTED),
    claim("hopfield-digits.iterations-noise-1", cell=MEASURED, value=_needed(1.0), tolerance=1, **AS_PRINTED),
    claim("hopfield-digits.iterations-grow", cell=MEASURED, value=_needed(5.0), margin=1.0, **AS_PRINTED),
    claim(  # the commonest way to misread a 7
        "hopfield-digits.seven-read-as-three",
        cell=BASE,
        test=greater(metric("seven_as_three"), metric("seven_as_other")),
    ),
    claim(  # of the digits that are recovered in the end, the share of pixels off after 5 iterations and at the end
        "hopfield-digits.few-iterations-leave-noise",
        cell=BASE,
        test=greater(series("map", "residue", level=5.0, iteration=5), series("map", "residue", level=5.0, iteration="last"), margin=0.01),
    ),
]
