"""Random changes of training images, computed on the device for a whole batch at once.

    augmentation = [Crop(4), Flip(), CutOut(8), MixUp(0.2)]

Each is a declaration; `Augmenter` applies a list of them. Whatever moves pixels is composed into one look-up of rows and columns, so
that a batch is read once, however many there are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from annlab.errors import UsageError
from annlab.nets.layer_base import is_number, is_whole

__all__ = ["Augmentation", "Augmenter", "Crop", "CutOut", "Flip", "MixUp", "Shift"]

OUTSIDE = -1  # index of a pixel that is not in the image


@dataclass(frozen=True)
class Augmentation:
    """Common class of the declarations."""


@dataclass(frozen=True)
class Shift(Augmentation):
    """Moves each image by whole pixels drawn uniformly from -`pixels` to `pixels`, down and across; what comes in is 0."""

    pixels: int = 2

    def __post_init__(self) -> None:
        _positive(self, "pixels")


@dataclass(frozen=True)
class Crop(Augmentation):
    """Surrounds each image by `padding` pixels and cuts an image of the old size out of it, at a place drawn uniformly.

    Args:
        padding: pixels on each side.
        border: ``"reflect"`` mirrors the image at its edge, ``"zeros"`` surrounds it by 0.
    """

    padding: int = 4
    border: Literal["reflect", "zeros"] = "reflect"

    def __post_init__(self) -> None:
        _positive(self, "padding")
        if self.border not in ("reflect", "zeros"):
            raise UsageError(f"{self!r}: border takes 'reflect' or 'zeros'")


@dataclass(frozen=True)
class Flip(Augmentation):
    """Mirrors each image left to right with `probability`."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        if not is_number(self.probability) or not 0.0 <= self.probability <= 1.0:
            raise UsageError(f"{self!r}: probability is a number in [0, 1]")


@dataclass(frozen=True)
class CutOut(Augmentation):
    """Sets a square of edge `size` to 0 whose centre is a pixel drawn uniformly, cut off at the edge (DeVries and Taylor, 2017)."""

    size: int = 8

    def __post_init__(self) -> None:
        _positive(self, "size")


@dataclass(frozen=True)
class MixUp(Augmentation):
    """Mixes each image and its target with another of the batch (Zhang, Cisse, Dauphin and Lopez-Paz, 2018).

    ``w x_i + (1 - w) x_j``, and the loss ``w L(f, y_i) + (1 - w) L(f, y_j)``, with one w from Beta(`alpha`, `alpha`) a batch.
    """

    alpha: float = 0.2

    def __post_init__(self) -> None:
        if not is_number(self.alpha) or not 0.0 < self.alpha < math.inf:
            raise UsageError(f"{self!r}: alpha is a finite number above 0")


class Augmenter:
    """Applies a list of augmentations to batches, in its order except that mixing comes last.

    Args:
        augmentations: what to do.
        generator: draws everything; on the device of the images it costs no transfer.

    Raises:
        UsageError: for anything that is no augmentation, or more than one `MixUp`.
    """

    def __init__(self, augmentations: Sequence[Augmentation], generator: torch.Generator) -> None:
        wrong = [each for each in augmentations if type(each) not in (Shift, Crop, Flip, CutOut, MixUp)]
        if wrong:
            raise UsageError(f"augmentations are Shift, Crop, Flip, CutOut and MixUp, got {wrong[0]!r}")
        mixing = [each for each in augmentations if isinstance(each, MixUp)]
        if len(mixing) > 1:
            raise UsageError("one MixUp is enough")
        self.placed = [each for each in augmentations if not isinstance(each, MixUp)]
        self.mixing = mixing[0] if mixing else None
        self.generator = generator

    @torch.no_grad()
    def __call__(self, x: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor] | None]:
        """Changed images, and with `MixUp` the partner of each (n,) and the weight w of its own target (a scalar tensor).

        Args:
            x: images (n, height, width, channels), which are left as they are.
        """
        if self.placed:
            x = self._place(x)
        if self.mixing is None:
            return x, None
        partner = torch.randperm(len(x), generator=self.generator, device=self.generator.device).to(x.device)
        shape = torch.full((2,), self.mixing.alpha, device=self.generator.device)
        first, second = torch._standard_gamma(shape.double(), generator=self.generator)
        weight = (first / (first + second)).to(device=x.device, dtype=x.dtype)
        weight = torch.nan_to_num(weight, nan=1.0)  # both draws underflow for a tiny alpha, where the weight is 0 or 1
        return torch.lerp(x[partner], x, weight), (partner, weight)

    def _place(self, x: torch.Tensor) -> torch.Tensor:
        n, height, width = x.shape[:3]
        rows, columns = (torch.arange(size, device=x.device).expand(n, size) for size in (height, width))
        holes: list[tuple[torch.Tensor, torch.Tensor]] = []
        moved, black = False, False
        for each in self.placed:
            if isinstance(each, CutOut):
                if moved:  # a hole keeps its place in the image as it is now
                    x, moved, black = _looked_up(x, rows, columns, black=black), False, False
                    rows, columns = (torch.arange(size, device=x.device).expand(n, size) for size in (height, width))
                holes.append((self._hole(n, height, each.size, x.device), self._hole(n, width, each.size, x.device)))
                x = x * ~(holes[-1][0][:, :, None, None] & holes[-1][1][:, None, :, None])
                continue
            moved = True
            if isinstance(each, Flip):
                turned = self._uniform(n, x.device) < each.probability
                columns = torch.where(turned[:, None], columns.flip(1), columns)
            elif isinstance(each, Crop):
                border = each.border
                rows, columns = (self._moved(index, each.padding, border) for index in (rows, columns))
                black = black or border == "zeros"
            elif isinstance(each, Shift):
                rows, columns = (self._moved(index, each.pixels, "zeros") for index in (rows, columns))
                black = True
        return _looked_up(x, rows, columns, black=black) if moved else x

    def _moved(self, index: torch.Tensor, reach: int, border: str) -> torch.Tensor:
        """`index` (n, size) read `reach` pixels or fewer further on or back."""
        n, size = index.shape
        by = self._whole(-reach, reach + 1, n, index.device)
        place = torch.arange(size, device=index.device) + by[:, None]
        if border == "reflect":
            period = max(1, 2 * (size - 1))
            place = place.remainder(period)
            return index.gather(1, torch.minimum(place, period - place).clamp_(max=size - 1))
        inside = (place >= 0) & (place < size)
        return torch.where(inside, index.gather(1, place.clamp(0, size - 1)), OUTSIDE)

    def _hole(self, n: int, size: int, edge: int, device: torch.device) -> torch.Tensor:
        start = self._whole(0, size, n, device)[:, None] - edge // 2
        place = torch.arange(size, device=device)
        return (place >= start) & (place < start + edge)

    def _whole(self, low: int, high: int, n: int, device: torch.device) -> torch.Tensor:
        return torch.randint(low, high, (n,), generator=self.generator, device=self.generator.device).to(device)

    def _uniform(self, n: int, device: torch.device) -> torch.Tensor:
        return torch.rand(n, generator=self.generator, device=self.generator.device).to(device)


def _looked_up(x: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, *, black: bool) -> torch.Tensor:
    """Pixels of `x` (n, h, w, c) at rows (n, h) and columns (n, w), 0 where either is `OUTSIDE`."""
    n, _, width = x.shape[:3]
    place = (torch.arange(n, device=x.device)[:, None] * x.shape[1] + rows.clamp(0))[:, :, None] * width + columns.clamp(0)[:, None, :]
    found = x.reshape(-1, x.shape[3]).index_select(0, place.reshape(-1)).reshape(x.shape)
    if black:
        found = found.mul_(((rows >= 0)[:, :, None] & (columns >= 0)[:, None, :]).unsqueeze(3))
    return found


def _positive(each: Augmentation, name: str) -> None:
    value: Any = getattr(each, name)
    if not is_whole(value, 1):
        raise UsageError(f"{each!r}: {name} is a whole number of at least 1")
    object.__setattr__(each, name, int(value))
