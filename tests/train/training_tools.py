"""What the tests of training share: a small problem, generators, networks."""

import torch

from annlab.nets import MLP


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(seed: int = 0) -> dict[str, torch.Generator]:
    return {"order": generator(seed + 1), "noise": generator(seed + 2), "dropout": generator(seed + 3)}


def problem(n: int = 60, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    X = 2 * torch.rand(n, 2, generator=generator(11), dtype=torch.float64) - 1
    y = torch.sin(3 * X[:, :1]) * X[:, 1:]
    return X.to(dtype), y.to(dtype)


def network(seed: int = 0, dtype: torch.dtype = torch.float64, **options: object) -> MLP:
    return MLP(2, (8, 6), 1, **{"generator": generator(seed), "dtype": dtype, **options})


def state(net: torch.nn.Module) -> torch.Tensor:
    return torch.cat([tensor.detach().double().reshape(-1) for tensor in (*net.parameters(), *net.buffers())])
