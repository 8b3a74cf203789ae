"""A folder of a user's own images, one sub-folder a class."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from annlab.data.own_formats import Found, labelled_images

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["FORMATS", "image_folder", "read_image"]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM")
ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm"}
GREY = {"1", "L", "LA"}
LARGEST = 4_096 * 4_096


def image_folder(folder: Path, *, size: tuple[int, int] | None = None, test: int | None = None) -> Found:
    """Images in ``folder/CLASS/*``, or in ``folder/train/CLASS/*`` and ``folder/test/CLASS/*``.

    Grey where all images are grey, else red, green and blue; files that are no images by their ending, and hidden ones, are passed over.

    Args:
        folder: the folder.
        size: height and width to which images are resized; by default all must be of one size.
        test: images held out, spread evenly over the classes; a fifth by default. Not with folders ``train`` and ``test``.

    Returns:
        ``X_train`` (n, height, width[, 3]) uint8, ``y_train`` (n,) int64 with classes in the order of their names, ``X_test``, ``y_test``.

    Raises:
        ValueError: for a folder without classes or images, an image that cannot be read, and images of different sizes.
    """
    parts = [folder / "train", folder / "test"]
    if all(part.is_dir() for part in parts):
        if test is not None:
            raise ValueError(f"{folder} has its own test part, so that none can be asked for")
        classes = _classes(parts[0])
        if _classes(parts[1]) != classes:
            raise ValueError(f"{folder} has other classes in test than in train")
        listed = [list(_files(part, classes)) for part in parts]
        X = _stacked([path for files in listed for path, _ in files], size)
        y = np.array([label for files in listed for _, label in files], dtype=np.int64)
        cut = len(listed[0])
        if not 0 < cut < len(X):
            raise ValueError(f"{folder} has no images in train or none in test")
        return Found({"X_train": X[:cut], "y_train": y[:cut], "X_test": X[cut:], "y_test": y[cut:]}, "classification", (), classes)
    classes = _classes(folder)
    files = list(_files(folder, classes))
    X = _stacked([path for path, _ in files], size)
    return labelled_images(X, np.array([label for _, label in files]), str(folder), test, classes)


def read_image(path: Path) -> "Image.Image":
    """The image of a file, decoded whole.

    Raises:
        ValueError: for what is no image of the `FORMATS`, and for one of more than 4096 x 4096 pixels.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > LARGEST:
                raise ValueError(f"it has {image.width} x {image.height} pixels")  # noqa: TRY301
            image.load()
            return image.copy()
    except Exception as error:  # a decoder may raise anything on damaged bytes
        raise ValueError(f"{path} is no image that can be read: {error}") from error


def _classes(folder: Path) -> tuple[str, ...]:
    classes = tuple(sorted(place.name for place in folder.iterdir() if place.is_dir() and not place.name.startswith(".")))
    if not classes:
        raise ValueError(f"{folder} has no sub-folders, where one a class is wanted")
    return classes


def _files(folder: Path, classes: tuple[str, ...]) -> Iterator[tuple[Path, int]]:
    for label, name in enumerate(classes):
        found = sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in ENDINGS and not path.name.startswith("."))
        if not found:
            raise ValueError(f"{folder / name} holds no images")
        for path in found:
            yield path, label


def _stacked(paths: list[Path], size: tuple[int, int] | None) -> np.ndarray:
    images: list[Image.Image] = []
    for path in paths:
        image = read_image(path)
        if size is not None:
            image = image.convert("L" if image.mode in GREY else "RGB").resize(size[::-1])
        if images and image.size != images[0].size:
            wide, high = images[0].size
            raise ValueError(
                f"{path} is of {image.height} x {image.width} pixels, where others are of {high} x {wide}: give a size to resize them to"
            )
        images.append(image)
    mode = "L" if all(image.mode in GREY for image in images) else "RGB"
    return np.stack([np.asarray(image.convert(mode), dtype=np.uint8) for image in images])
