"""The network by torch, on its devices: for CUDA, and for training."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...base.errors import InvalidInput
from .model import Model
from .network import ARCHITECTURES
from .onnx_file import OnnxGraph

__all__ = ["TorchNetwork", "module_of", "weights_of"]

_CONSTANT = "constant."
"""Begins the names of what a graph holds beside the weights: sizes and axes."""
_COUNTER = "num_batches_tracked"
"""Counter of batch normalisation, which only training needs; a network in use has none."""


class TorchNetwork:
    """
    A network on a device of torch.

    Parameters
    ----------
    module : LinearNetwork or PaperNetwork
        Moved to the device.
    device : str
        torch's name.

    Attributes
    ----------
    depth : int
        Levels of its U-Net.
    """

    def __init__(self, module: Any, device: str) -> None:
        self.depth: int = module.depth
        self._module, self._device = module.to(device), device

    def __call__(
        self,
        tissue: NDArray[np.float32],
        linear: NDArray[np.float32],
        still: Callable[[], object],
    ) -> NDArray[np.float32]:
        """As of `inference.Network`."""
        try:
            with torch.no_grad(), _full_precision(), _each_layer(self._module, still):
                fields = (torch.from_numpy(field).to(self._device) for field in (tissue, linear))
                residual = self._module(*fields).cpu().numpy()
        except (MemoryError, RuntimeError) as error:
            # torch's CPU allocator says so in a RuntimeError without a type of its own
            if isinstance(error, MemoryError) or "memory" in str(error).lower():
                raise MemoryError(str(error)) from None
            raise
        return np.asarray(residual, np.float32)


def module_of(model: Model) -> Any:
    """
    The network of a model as a module of torch, on the CPU, in the mode in which it is used.

    Raises
    ------
    InvalidInput
        If the weights do not fit the card's architecture.
    """
    card = model.card
    try:
        module = ARCHITECTURES[card.architecture](**card.size)
        lacking, foreign = module.load_state_dict(weights_of(model.graph), strict=False)
        misfits = [name for name in lacking if not name.endswith(_COUNTER)] + foreign
        if misfits:
            raise ValueError(f"{misfits[0]} and {len(misfits) - 1} more")
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InvalidInput(
            f"the weights {card.weights} do not fit the network {card.architecture!r} of size {card.size} "
            f"({type(error).__name__}: {reason})."
        ) from None
    return module.eval()


def weights_of(graph: OnnxGraph) -> dict[str, Any]:
    """The weights of a graph as tensors, by the names that the module has for them."""
    return {
        name: torch.from_numpy(values.copy())
        for name, values in graph.weights.items()
        if not name.startswith(_CONSTANT)
    }


@contextmanager
def _full_precision() -> Iterator[None]:
    """Convolutions in float32: by default recent GPUs round it to ten binary digits."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


@contextmanager
def _each_layer(module: Any, still: Callable[[], object]) -> Iterator[None]:
    """Calls a function after each layer, so that cancelling need not wait for all."""

    def after(*_: object) -> None:
        still()

    layers = [layer for layer in module.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(after) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
