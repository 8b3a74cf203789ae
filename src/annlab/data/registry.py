"""The registry: every data set by name, with its files, checksums, addresses, licence and citation."""

from collections.abc import Mapping

from annlab.data import generators, readers
from annlab.data.entry import Array, Entry, File

__all__ = ["ENTRIES"]

MNIST_ADDRESSES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)


def _mnist_file(name: str, size: int, sha256: str) -> File:
    return File(name, sha256, size, tuple(address + name for address in MNIST_ADDRESSES))


def _images(train: int, test: int) -> Mapping[str, Array]:
    return {
        "X_train": Array((train, 28, 28), "uint8", "images, 0 = background"),
        "y_train": Array((train,), "int64", "digits 0 to 9"),
        "X_test": Array((test, 28, 28), "uint8", "images, 0 = background"),
        "y_test": Array((test,), "int64", "digits 0 to 9"),
    }


FIVE_FUNCTIONS = {
    "X": Array((13_600, 2), "float64", "points of the unit square"),
    "T": Array((13_600, 5), "float64", "values of five functions"),
}

ENTRIES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            name="course_regression",
            title="Five unknown functions of the course's personal regression problem",
            task="regression",
            arrays=FIVE_FUNCTIONS,
            units="none stated",
            source="KU Leuven, course Artificial Neural Networks and Deep Learning, exercise session 1",
            citation='KU Leuven, "Artificial Neural Networks and Deep Learning", exercise session 1, personal regression problem.',
            licence="none stated; course material",
            version=1,
            folder="regression",
            files=(File("data.csv", "4b48966f596a73ee8e06fe24d8ac58fd275a9527721f5c1436df7405d428625b", 866_694),),
            read=readers.course_regression,
        ),
        Entry(
            name="five_surfaces",
            title="Five functions of our own, in place of the course's personal regression problem",
            task="regression",
            arrays=FIVE_FUNCTIONS,
            units="none",
            source="computed by annlab.data.generators.five_surfaces",
            citation="annlab, five_surfaces.",
            licence="BSD-3-Clause, as annlab",
            version=1,
            folder="five_surfaces",
            generate=generators.five_surfaces,
            stand_in="These are five functions of our own (five_surfaces), of like shape and range, not the course's five functions.",
            stands_in_for="course_regression",
        ),
        Entry(
            name="noisy_surface",
            title="sin(0.8 r^2) / (r^2)^0.9 on a 40 x 40 grid over [-3, 3]^2, before noise",
            task="regression",
            arrays={
                "X": Array((1_600, 2), "float64", "grid points (x, y), x running fastest"),
                "y": Array((1_600,), "float64", "clean values"),
            },
            units="none",
            source="computed by annlab.data.generators.noisy_surface from the formula of exercise session 1",
            citation='KU Leuven, "Artificial Neural Networks and Deep Learning", exercise session 1, function approximation with noise.',
            licence="BSD-3-Clause, as annlab",
            version=1,
            folder="noisy_surface",
            generate=generators.noisy_surface,
            side=generators.SIDE,
        ),
        Entry(
            name="mnist",
            title="MNIST handwritten digits, 28 x 28",
            task="classification",
            arrays=_images(60_000, 10_000),
            units="grey level, 0 = background to 255 = ink",
            source="Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits",
            citation=(
                'Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", '
                "Proceedings of the IEEE 86(11), 2278-2324, 1998."
            ),
            licence="CC BY-SA 3.0, as commonly published",
            version=1,
            folder="mnist",
            files=(
                _mnist_file("train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                _mnist_file("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                _mnist_file("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                _mnist_file("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            ),
            read=readers.mnist,
        ),
        Entry(
            name="digits28",
            title="UCI handwritten digits, enlarged from 8 x 8 to 28 x 28, in place of MNIST",
            task="classification",
            arrays=_images(1_437, 360),
            units="grey level, 0 = background to 255 = ink",
            source="E. Alpaydin, C. Kaynak, UCI Optical Recognition of Handwritten Digits, as scikit-learn carries it",
            citation=(
                'E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998, '
                "https://doi.org/10.24432/C50P49."
            ),
            licence="CC BY 4.0",
            version=1,
            folder="digits28",
            generate=generators.digits28,
            stand_in="These are the 1,797 UCI digits of 8 x 8 pixels enlarged to 28 x 28 (digits28), not MNIST.",
            stands_in_for="mnist",
        ),
    )
}
