"""What a network is made of, layer by layer: shapes, parameters with the formula that counts them, bytes, operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from annlab.errors import UsageError
from annlab.models.layer_counts import ATTENTION, evaluate, operations, parameter_formula
from annlab.models.summary_text import as_html, as_latex, as_markdown, as_rich, as_text
from annlab.train.guard import guarded_generators
from annlab.train.tensors import place_of

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["LayerRow", "Summary", "summary"]


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    Attributes:
        name: its path in the module.
        kind: its class.
        output_shape: shape of its output for one sample, the batch axis left out; None where it was not called.
        parameters: its own parameters, shared ones counted where they come first.
        formula: the same number as a formula, empty for none.
        bytes: memory of those parameters.
        flops: floating-point operations of one sample, see `annlab.models.layer_counts`; None where not known.
        trainable: how many of the parameters learn.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...] | None
    parameters: int
    formula: str
    bytes: int
    flops: int | None
    trainable: int


@dataclass(frozen=True)
class Summary:
    """Layers of a network in the order of their first call. Prints as a table; see also `html`, `markdown` and `latex`."""

    model: str
    input_shape: tuple[int, ...] | tuple[tuple[int, ...], ...]
    rows: tuple[LayerRow, ...]

    @property
    def parameters(self) -> int:
        """Number of parameters, those that do not learn included."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        """Number of parameters that learn."""
        return sum(row.trainable for row in self.rows)

    @property
    def bytes(self) -> int:
        """Memory of the parameters."""
        return sum(row.bytes for row in self.rows)

    @property
    def flops(self) -> int:
        """Operations of one sample in the layers whose count is known; `unknown_flops` names the others."""
        return sum(row.flops or 0 for row in self.rows)

    @property
    def unknown_flops(self) -> tuple[str, ...]:
        """Names of the layers whose operations are not known."""
        return tuple(row.name for row in self.rows if row.flops is None)

    def __str__(self) -> str:
        return as_text(self)

    def __rich__(self) -> "Table":
        return as_rich(self)

    def html(self) -> str:
        """HTML table."""
        return as_html(self)

    def markdown(self) -> str:
        """Markdown table."""
        return as_markdown(self)

    def latex(self) -> str:
        """LaTeX ``tabular`` with the rules of the booktabs package."""
        return as_latex(self)


def summary(model: nn.Module, input_shape: Sequence[Any], *, dtype: torch.dtype | None = None) -> Summary:
    """Layers of any torch module, found by one pass of a batch of one zero sample in evaluation mode.

    The model is left as it was: hooks, mode, buffers and global random generators. What a module computes outside of layers, in
    its ``forward``, is not seen.

    Args:
        model: the network.
        input_shape: shape of one sample without the batch axis, such as ``(784,)`` or ``(1, 28, 28)``; or one for each input.
        dtype: type of the input; whole numbers where the first layer is an embedding, else the type of the parameters.

    Raises:
        UsageError: for a shape that the model does not take, or lazy layers that have no shape yet.
        RuntimeError: where a formula does not give the number of parameters.
    """
    if any(isinstance(parameter, nn.parameter.UninitializedParameter) for parameter in model.parameters()):
        raise UsageError("the model has lazy layers without a shape: call it once before its summary")
    several = len(input_shape) > 0 and isinstance(input_shape[0], Sequence)
    shapes = [tuple(shape) for shape in input_shape] if several else [tuple(input_shape)]
    device, float_type = place_of(model)
    attention = [module for module in model.modules() if isinstance(module, ATTENTION)]
    inner = {part for module in attention for part in module.modules() if part is not module}
    modules = {name: module for name, module in model.named_modules() if module not in inner}
    leaves = {name: module for name, module in modules.items() if _is_leaf(module)}
    if dtype is None:
        dtype = torch.int64 if isinstance(next(iter(leaves.values()), None), nn.Embedding) else float_type
    calls = _calls(model, leaves, [torch.zeros(1, *shape, dtype=dtype, device=device) for shape in shapes])
    order = [*calls, *(name for name, module in modules.items() if name not in calls and _has_own(module))]
    counted: set[int] = set()
    rows = tuple(_row(name or type(model).__name__, modules[name], calls.get(name), counted) for name in order)
    found = Summary(type(model).__name__, tuple(shapes) if several else shapes[0], rows)
    total = sum(parameter.numel() for parameter in model.parameters())
    if found.parameters != total:
        raise RuntimeError(f"the layers have {found.parameters} parameters together but the model has {total}")
    return found


def _is_leaf(module: nn.Module) -> bool:
    return isinstance(module, ATTENTION) or not list(module.children())


def _has_own(module: nn.Module) -> bool:
    return any(True for _ in module.parameters(recurse=False))


def _calls(model: nn.Module, leaves: dict[str, nn.Module], inputs: list[torch.Tensor]) -> dict[str, tuple[Any, int | None]]:
    """Output shape of the first call and operations of all calls, by name in the order of first calls."""
    found: dict[str, tuple[Any, int | None]] = {}

    def hook(name: str) -> Any:
        def note(module: nn.Module, arguments: Any, keywords: Any, output: Any) -> None:
            flops = operations(module, [*arguments, *keywords.values()], output)
            main = output[0] if isinstance(output, tuple | list) and output else output
            shape = tuple(main.shape[1:]) if isinstance(main, torch.Tensor) else None
            if name in found:
                shape, before = found[name]
                flops = None if flops is None or before is None else before + flops
            found[name] = (shape, flops)

        return note

    handles = [leaf.register_forward_hook(hook(name), with_kwargs=True) for name, leaf in leaves.items()]
    modes = {module: module.training for module in model.modules()}
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    fast_path = torch.backends.mha.get_fastpath_enabled()
    try:
        with guarded_generators(0, inputs[0].device), torch.no_grad():
            torch.backends.mha.set_fastpath_enabled(False)  # it would pass the layers of an encoder by
            model.eval()
            model(*inputs)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        shapes = ", ".join(str(tuple(value.shape[1:])) for value in inputs)
        raise UsageError(f"{type(model).__name__} does not take a sample of shape {shapes}: {error}") from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode
        for buffer, kept in buffers:
            buffer.data.copy_(kept)
    return found


def _row(name: str, module: nn.Module, call: tuple[Any, int | None] | None, counted: set[int]) -> LayerRow:
    everything: list[nn.Parameter] = list(module.parameters(recurse=isinstance(module, ATTENTION)))
    own = [parameter for parameter in everything if id(parameter) not in counted]
    counted.update(id(parameter) for parameter in own)
    count = sum(parameter.numel() for parameter in own)
    formula = parameter_formula(module)
    if len(own) < len(everything):
        formula = " + ".join("*".join(map(str, parameter.shape)) or "1" for parameter in own)
    if (evaluate(formula) if formula else 0) != count:
        raise RuntimeError(f"the formula {formula!r} of {name} does not give its {count} parameters")
    holder = any(True for _ in module.children())  # parameters of a container that computes nothing a layer does not
    shape, flops = call or (None, 0 if own and holder else None)
    size = sum(parameter.nbytes for parameter in own)
    trainable = sum(parameter.numel() for parameter in own if parameter.requires_grad)
    return LayerRow(name, type(module).__name__, shape, count, formula, size, flops, trainable)
