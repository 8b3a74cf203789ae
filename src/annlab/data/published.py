"""Published data sets: their files with checksums and addresses, licences and citations."""

from collections.abc import Mapping

from annlab.data import readers, tables
from annlab.data.entry import Array, Entry, File

__all__ = ["PUBLISHED"]

UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases/"
MIRROR = "https://raw.githubusercontent.com/"
MNIST_ADDRESSES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
CIFAR_ARCHIVE = "cifar-10-binary.tar.gz"
CIFAR_SHA256 = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}
IONOSPHERE_COLUMNS = tuple(f"pulse {number} {part}" for number in range(1, 18) for part in ("real", "imaginary"))
PIMA_COLUMNS = (
    "pregnancies",
    "glucose",
    "blood pressure",
    "skin fold",
    "insulin",
    "body mass index",
    "pedigree function",
    "age",
)


def _mnist_file(name: str, size: int, sha256: str) -> File:
    return File(name, sha256, size, tuple(address + name for address in MNIST_ADDRESSES))


def images(train: int, test: int, *shape: int, what: str = "digits 0 to 9") -> Mapping[str, Array]:
    """Declared arrays of a set of images with a training and a test part."""
    of = {2: "images, 0 = background", 3: "images, red, green, blue"}[len(shape)]
    return {
        "X_train": Array((train, *shape), "uint8", of),
        "y_train": Array((train,), "int64", what),
        "X_test": Array((test, *shape), "uint8", of),
        "y_test": Array((test,), "int64", what),
    }


def five_functions() -> Mapping[str, Array]:
    """Declared arrays of the course's five functions, and of those in their place."""
    return {
        "X": Array((13_600, 2), "float64", "points of the unit square"),
        "T": Array((13_600, 5), "float64", "values of five functions"),
    }


def laser_series() -> Mapping[str, Array]:
    """Declared arrays of the Santa Fe laser, and of the series in its place."""
    return {
        "train": Array((1_000,), "float64", "whole numbers 0 to 255 to learn from"),
        "test": Array((100,), "float64", "the 100 numbers that follow"),
    }


def monthly_temperatures() -> Mapping[str, Array]:
    """Declared arrays of the cities' temperatures, and of the series in their place."""
    return {
        "temperature": Array((1_716, 3), "float64", "monthly means, a column a place"),
        "month": Array((1_716,), "datetime64[M]", "1870-01 to 2012-12"),
    }


PUBLISHED = (
    Entry(
        name="course_regression",
        title="Five unknown functions of the course's personal regression problem",
        task="regression",
        arrays=five_functions(),
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
        name="mnist",
        title="MNIST handwritten digits, 28 x 28",
        task="classification",
        arrays=images(60_000, 10_000, 28, 28),
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
        name="cifar10",
        title="CIFAR-10, colour photographs of 32 x 32 in ten classes",
        task="classification",
        arrays=images(50_000, 10_000, 32, 32, 3, what="classes 0 to 9"),
        units="red, green and blue levels, 0 to 255",
        source="A. Krizhevsky, The CIFAR-10 dataset, https://www.cs.toronto.edu/~kriz/cifar.html",
        citation='A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of Toronto, 2009.',
        licence="none stated; distributed freely for research",
        version=1,
        folder="cifar-10-batches-bin",
        also=("cifar10",),
        files=tuple(File(name, sha256, 30_730_000) for name, sha256 in CIFAR_SHA256.items()),
        archive=File(
            CIFAR_ARCHIVE,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            170_052_171,
            (
                f"https://www.cs.toronto.edu/~kriz/{CIFAR_ARCHIVE}",
                f"https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/{CIFAR_ARCHIVE}",
            ),
        ),
        read=readers.cifar10,
        classes=readers.CIFAR_CLASSES,
    ),
    Entry(
        name="santa_fe",
        title="Santa Fe competition, set A: intensity of a chaotic far-infrared laser",
        task="forecasting",
        arrays=laser_series(),
        units="8-bit counts of the instrument; the time between samples is not attached",
        source=(
            "Santa Fe Institute Time Series Prediction and Analysis Competition (1991/92), set A, measured by U. Huebner, "
            "N. B. Abraham, C. O. Weiss"
        ),
        citation=(
            'A. S. Weigend, N. A. Gershenfeld (eds.), "Time Series Prediction: Forecasting the Future and Understanding the Past", '
            'Addison-Wesley, 1993; U. Huebner, N. B. Abraham, C. O. Weiss, "Dimensions and entropies of chaotic intensity pulsations '
            'in a single-mode far-infrared NH3 laser", Physical Review A 40, 6354-6365, 1989.'
        ),
        licence="none stated; distributed freely for research since the competition",
        version=1,
        folder="santafe",
        also=("santa_fe",),
        files=(
            File("lasertrain.dat", "2471442ddccb9b7aa0214e1ba5a885d990c523df6cbdc694abacb0fd191da5f6", 18_000),
            File("laserpred.dat", "be420706e3928409159f22aac148ea6748f54b4e6863653b31c6e9d6e19ce18f", 1_800),
        ),
        read=tables.santa_fe,
    ),
    Entry(
        name="ionosphere",
        title="Radar returns from the ionosphere, good or bad",
        task="classification",
        arrays={
            "X": Array((351, 34), "float64", "complex autocorrelations, scaled; the second column is 0 everywhere"),
            "y": Array((351,), "int64", "1 = good, 0 = bad"),
        },
        units="none: scaled to [-1, 1]",
        source="V. Sigillito, UCI Machine Learning Repository, Ionosphere, 1989, https://doi.org/10.24432/C5W01B",
        citation=(
            'V. Sigillito, S. Wing, L. Hutton, K. Baker, "Classification of radar returns from the ionosphere using neural networks", '
            "Johns Hopkins APL Technical Digest 10, 262-266, 1989."
        ),
        licence="CC BY 4.0",
        version=1,
        folder="ionosphere",
        files=(
            File(
                "ionosphere.data",
                "46d52186b84e20be52918adb93e8fb9926b34795ff7504c24350ae0616a04bbd",
                76_467,
                (f"{UCI}ionosphere/ionosphere.data", f"{MIRROR}jbrownlee/Datasets/master/ionosphere.csv"),
            ),
        ),
        read=tables.ionosphere,
        columns=IONOSPHERE_COLUMNS,
        classes=("bad", "good"),
    ),
    Entry(
        name="pima",
        title="Pima Indians Diabetes: eight measurements of 768 women",
        task="classification",
        arrays={
            "X": Array((768, 8), "float64", "as published, with 0 where nothing was measured"),
            "missing": Array((768, 8), "bool", "where such a 0 stands"),
            "y": Array((768,), "int64", "1 = tested positive for diabetes, 0 = not"),
        },
        units="count; mg/dl; mm Hg; mm; mu U/ml; kg/m^2; none; years",
        source=(
            "National Institute of Diabetes and Digestive and Kidney Diseases; formerly UCI Machine Learning Repository "
            "(donor V. Sigillito, 1990)"
        ),
        citation=(
            "J. W. Smith, J. E. Everhart, W. C. Dickson, W. C. Knowler, R. S. Johannes, "
            '"Using the ADAP learning algorithm to forecast the onset of diabetes mellitus", '
            "Proc. Symposium on Computer Applications and Medical Care, 261-265, 1988."
        ),
        licence="CC0 as commonly published; the original stated none",
        version=1,
        folder="pima",
        files=(
            File(
                "pima-indians-diabetes.csv",
                "6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af",
                23_278,
                (
                    f"{MIRROR}jbrownlee/Datasets/master/pima-indians-diabetes.data.csv",
                    f"{MIRROR}jbrownlee/Datasets/master/pima-indians-diabetes.csv",
                    f"{MIRROR}darenr/public_datasets/master/pima-indians-diabetes.csv",
                ),
            ),
        ),
        read=tables.pima,
        columns=PIMA_COLUMNS,
        classes=("negative", "positive"),
    ),
    Entry(
        name="climate",
        title="Berkeley Earth: monthly land temperature at Rio de Janeiro, Paris and London, 1870 to 2012",
        task="forecasting",
        arrays=monthly_temperatures(),
        units="degrees Celsius",
        source="Berkeley Earth, http://berkeleyearth.org, the table by major city as published on Kaggle",
        citation='R. Rohde et al., "Berkeley Earth temperature averaging process", Geoinformatics & Geostatistics: An Overview 1:2, 2013.',
        licence="CC BY-NC-SA 4.0 (attribution, non-commercial, share alike)",
        version=1,
        folder="climate",
        files=(
            File(
                tables.CLIMATE_FILE,
                "11cb36d674d44d9286fb6924d2d0e3f7c19313ab8acdb76d3a55a8be5ddc0b0f",
                14_138_385,
                (
                    f"{MIRROR}drchimes/AI_class/0c8300f01400d982fff03ecaa939768784e71747/{tables.CLIMATE_FILE}",
                    f"{MIRROR}William65536/CavHack/c9f22713b5cbbeb162c232917aab9fe22be7e8a0/{tables.CLIMATE_FILE}",
                ),
            ),
        ),
        read=tables.climate,
        columns=tuple(tables.CITIES),
        note=(
            "Brussels is only in Berkeley Earth's larger table: "
            "`annlab data add brussels GlobalLandTemperaturesByCity.csv --city Brussels` makes it a set of your own."
        ),
    ),
)
