"""Which cells of autoencoder-mnist answer which claim.

Reports A and E split 80 to 20 and do not say of how many images: 8000 of the handout's 10,000 are trained on, 48,000 of all as the
variant. Report C splits nothing and prints the mean loss of an epoch times the batch size, which it leaves out with the number of
images: batches of 16, 32 and 64 of 10,000 images, and of 16 of all but those held out. Epochs are read from the curve of the longest
run. Losses are compared on the logarithmic scale, so margins and tolerances are shares; sharpness is a share of the original's.
"""

from typing import Any

from annlab.lab.claims import all_of, claim, equal_within, from_config, less, metric, series, timing
from annlab.studies.features.autoencoder_mnist_grid import ALL, PLAIN

SPLIT: dict[str, Any] = {**PLAIN, "data": "mnist", "test": False, "timed": False, "epochs": 60}
AS_SPLIT: dict[str, Any] = {"variants": {"training": [8000, 48_000]}, "chosen": ("training", "optimizer", "learning_rate", "loss")}
BEST: dict[str, Any] = {"code_size": 128, "batch_size": 64}
TESTED: dict[str, Any] = {**SPLIT, "test": True}

WHOLE: dict[str, Any] = {**PLAIN, **{name: value for name, value in ALL.items() if name != "training"}, "data": "mnist", "epochs": 100}
AS_PRINTED: dict[str, Any] = {
    "variants": [{"batch_size": batch, "training": 10_000} for batch in (16, 32, 64)] + [{"batch_size": 16, "training": 58_000}],
    "chosen": ("batch_size", "training", "optimizer", "learning_rate", "loss"),
}
TIMED: dict[str, Any] = {**PLAIN, **ALL, "data": "mnist", "batch_size": 16, "timed": True}
CLOCK = "autoencoder-mnist.time.ed64-ep20.c"


def _printed(epoch: int, **cell: Any) -> Any:
    return series("curves", "printed", epoch=epoch).at(**cell)


def _sharp(epoch: int, code_size: int) -> Any:
    return series("curves", "sharpness", epoch=epoch).at(code_size=code_size)


def _time(name: str, code_size: int, epochs: int, relative_to: str = CLOCK) -> Any:
    trained = {"code_size": code_size, "epochs": max(20, epochs)}
    return claim(
        f"autoencoder-mnist.{name}",
        cell={**TIMED, **trained},
        value=timing(f"epochs_{epochs}").at(**trained),
        tolerance=0.25,
        relative_to=relative_to,
        chosen=("batch_size", "training"),
    )


CLAIMS = [
    *(
        claim(
            f"autoencoder-mnist.val-loss.*-ep{epoch}",
            cell={**SPLIT, "code_size": from_config("encoding"), "batch_size": from_config("batch")},
            value=series("curves", "validation_mse", epoch=epoch),
            tolerance=0.15,
            **AS_SPLIT,
        )
        for epoch in (40, 60)
    ),
    claim("autoencoder-mnist.best-configuration.a", cell={**SPLIT, **BEST}, value=metric("validation_mse"), **AS_SPLIT),
    claim(  # what the loss is a mean of is not said: taken for each pixel
        "autoencoder-mnist.test-loss.initial.a",
        cell={**TESTED, "code_size": 32, "batch_size": 32, "epochs": 20},
        value=metric("test_mse"),
        tolerance=0.15,
        **AS_SPLIT,
    ),
    claim("autoencoder-mnist.test-loss.best.a", cell={**TESTED, **BEST}, value=metric("test_mse"), tolerance=0.15, **AS_SPLIT),
    claim("autoencoder-mnist.tuning-improves-test", cell={**TESTED, **BEST}, value=metric("test_mse"), margin=0.05, **AS_SPLIT),
    *(
        claim(
            f"autoencoder-mnist.train-loss.ed{code}-ep{epoch}.c",
            cell={**WHOLE, "code_size": code},
            value=series("curves", "printed", epoch=epoch),
            tolerance=0.15,
            **AS_PRINTED,
        )
        for code, epoch in ((16, 20), (16, 100), (64, 1), (64, 5), (64, 20), (128, 1), (128, 20))
    ),
    claim(  # the row compares epoch 20; larger codes must win at every epoch that the report shows
        "autoencoder-mnist.bigger-code-better",
        cell=WHOLE,
        test=all_of(
            *(
                less(_printed(epoch, code_size=larger), _printed(epoch, code_size=smaller), margin=0.05)
                for smaller, larger in ((16, 64), (64, 128))
                for epoch in (1, 5, 20, 100)
            )
        ),
        **AS_PRINTED,
    ),
    claim(
        "autoencoder-mnist.16-units-100-epochs-no-gain",
        cell={**WHOLE, "code_size": 16},
        test=equal_within(_printed(100), _printed(20), margin=0.05),
        **AS_PRINTED,
    ),
    claim(
        "autoencoder-mnist.stable-by-20-epochs",
        cell=WHOLE,
        test=all_of(*(less(metric("settled").at(code_size=code), 20.5) for code in (16, 64, 128))),
        **AS_PRINTED,
    ),
    claim(
        "autoencoder-mnist.time-depends-on-epochs",
        cell={**TIMED, "epochs": 20},
        test=all_of(
            equal_within(timing("epochs_20").at(code_size=16), timing("epochs_20").at(code_size=64), margin=0.25),
            equal_within(timing("epochs_20").at(code_size=128), timing("epochs_20").at(code_size=64), margin=0.25),
        ),
        chosen=("batch_size", "training"),
    ),
    _time("time.ed16-ep20.c", 16, 20),
    _time("time.ed16-ep100.c", 16, 100),
    _time("time.ed64-ep1.c", 64, 1),
    _time("time.ed64-ep5.c", 64, 5),
    _time("time.ed64-ep20.c", 64, 20, "autoencoder-mnist.time.ed128-ep20.c"),
    _time("time.ed128-ep20.c", 128, 20),
    _time("time-20-epochs.c", 128, 20),
    claim(
        "autoencoder-mnist.blur.16-worst",
        cell=WHOLE,
        test=all_of(
            *(less(_sharp(20, 16), other, margin=0.02) for other in (_sharp(1, 64), _sharp(5, 64), _sharp(20, 64), _sharp(20, 128)))
        ),
        **AS_PRINTED,
    ),
    claim(
        "autoencoder-mnist.blur.64-1-epoch",
        cell=WHOLE,
        test=less(_sharp(1, 64), _sharp(20, 64), margin=0.1, contrary="below-margin"),
        **AS_PRINTED,
    ),
    claim(
        "autoencoder-mnist.blur.64-to-128-minor",
        cell=WHOLE,
        test=all_of(less(_sharp(20, 64), _sharp(20, 128)), equal_within(_sharp(20, 64), _sharp(20, 128), margin=0.1)),
        **AS_PRINTED,
    ),
]
