"""Ledger rows of resnet-cifar10: ResNet-18 trained here, by the likeliest recipe and its alternatives."""

from typing import TYPE_CHECKING, Any

from annlab.lab.claims import all_of, claim, greater, metric, per_replicate

if TYPE_CHECKING:
    from annlab.lab import Outcome

NETWORK: dict[str, Any] = {"data": "cifar10", "depth": 18, "width": 64, "stem": "cifar", "images": 0, "held_out": 0}
OPEN: dict[str, Any] = {
    "variants": [
        {"epochs": epochs, "schedule": schedule, "augmentation": augmentation}
        for augmentation in ("crop-flip", "none")
        for epochs, schedule in ((200, "cosine"), (30, "one_cycle"))
    ],
    "chosen": ("epochs", "schedule", "augmentation"),
}
CAT, DOG = 3, 5


def _errors(outcome: "Outcome") -> list[float]:
    return [float(count) for count in outcome.series["classes"]["errors"]]


def _errors_of(label: int) -> Any:
    return per_replicate(lambda outcome: _errors(outcome)[label], scale="linear", better="lower")


def least_of_cat_and_dog(outcome: "Outcome") -> float:
    """Errors of cats or dogs, whichever are fewer."""
    errors = _errors(outcome)
    return min(errors[CAT], errors[DOG])


def most_of_others(outcome: "Outcome") -> float:
    """Errors of the worst class that is neither cat nor dog."""
    return max(count for label, count in enumerate(_errors(outcome)) if label not in (CAT, DOG))


def _taken_for(true: int, predicted: int) -> Any:
    def share(outcome: "Outcome") -> float:
        counts = outcome.arrays["confusion"]
        return float(counts[true, predicted] / max(1, counts[true].sum() - counts[true, true]))

    return per_replicate(share)


CLAIMS = [
    claim("resnet-cifar10.test-accuracy", cell=NETWORK, value=metric("test_accuracy", factor=100, trials=10_000), tolerance=1.0, **OPEN),
    *(
        claim(
            f"resnet-cifar10.errors.label-{label}",
            cell=NETWORK,
            value=_errors_of(label),
            tolerance=25,
            **OPEN,
        )
        for label in range(10)
    ),
    claim(
        "resnet-cifar10.cats-and-dogs-worst",
        cell=NETWORK,
        test=greater(per_replicate(least_of_cat_and_dog), per_replicate(most_of_others)),
        **OPEN,
    ),
    claim(
        "resnet-cifar10.cat-dog-confusion",
        cell=NETWORK,
        test=all_of(greater(_taken_for(CAT, DOG), 0.5), greater(_taken_for(DOG, CAT), 0.5)),
        **OPEN,
    ),
]
