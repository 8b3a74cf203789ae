"""How a training set is cut into batches, and the draws of each epoch; shared by the single and the stacked loop."""

import torch

__all__ = ["batch_bounds", "epoch_order", "gaussian_noise"]


def batch_bounds(n: int, batch_size: int | None, *, no_single: bool = False) -> list[tuple[int, int]]:
    """First and last-plus-one positions of the batches of `n` samples; the last batch may be smaller.

    Args:
        n: number of samples.
        batch_size: samples a batch; None is all of them.
        no_single: put a last batch of one sample into the one before it, as batch normalisation needs.
    """
    size = n if batch_size is None else min(batch_size, n)
    bounds = [(start, min(start + size, n)) for start in range(0, n, max(1, size))]
    if no_single and len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] == 1:
        bounds[-2:] = [(bounds[-2][0], n)]
    return bounds


def epoch_order(n: int, generator: torch.Generator) -> torch.Tensor:
    """Random order of `n` samples, drawn on the generator's device."""
    return torch.randperm(n, generator=generator, device=generator.device)


def gaussian_noise(like: torch.Tensor, standard_deviation: float, generator: torch.Generator) -> torch.Tensor:
    """Gaussian noise of the shape, type and device of `like`, drawn on the generator's device."""
    noise = torch.randn(like.shape, generator=generator, device=generator.device, dtype=like.dtype)
    return noise.mul_(standard_deviation).to(like.device)
