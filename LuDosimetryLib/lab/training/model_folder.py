"""A trained network written to a folder: weights as ONNX, and the card beside them."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...base.storage import write_atomically
from ...dose.residual.channels import LINEAR_CHANNELS, TISSUE_CHANNELS
from ...dose.residual.model import CARD, SCHEMA, WEIGHTS, Model, ModelCard
from ...dose.residual.onnx_file import read_graph
from ...dose.residual.onnx_network import OnnxNetwork
from ...dose.residual.torch_network import TorchNetwork, module_of
from .onnx_export import onnx_of

__all__ = ["SAME", "model_of", "write_card", "write_model"]

SAME = 2e-5
"""Greatest difference of one network's residuals by torch and by ONNX Runtime, relative to the
greatest residual. Both calculate in float32, whose rounding is 6e-8 of each product; a voxel of the
residual is the sum of some thousand of them through eleven layers one after the other: some
sqrt(1000) * 11 * 6e-8. Between random inputs 1e-6 to 6e-6 were measured."""


def model_of(network: Any, card: ModelCard) -> Model:
    """
    A network of torch as a model: what its folder would hold.

    Parameters
    ----------
    network : LinearNetwork or PaperNetwork
        In evaluation mode, on the CPU.
    card : ModelCard
        Whose hash is not yet that of the weights.

    Raises
    ------
    ValueError
        If the weights are not finite.
    RuntimeError
        If ONNX Runtime, or the module made again from the weights, gives another residual.
    """
    content = onnx_of(network)
    card = replace(card, weights=WEIGHTS, sha256=hashlib.sha256(content).hexdigest())
    model = Model(card, content, read_graph(content))
    fields = _any_fields(4 * 2**network.depth)
    expected = TorchNetwork(network, "cpu")(*fields, _nothing)
    for other in (OnnxNetwork(model), TorchNetwork(module_of(model), "cpu")):
        apart = np.abs(other(*fields, _nothing) - expected).max()
        if not apart <= SAME * np.abs(expected).max():
            raise RuntimeError(f"{type(other).__name__} gives a residual that is {apart:g} off")
    return model


def write_model(network: Any, card: ModelCard, folder: Path) -> ModelCard:
    """
    Write weights and card.

    Parameters and errors as for `model_of`.

    Returns
    -------
    ModelCard
        With the hash of the weights.
    """
    model = model_of(network, card)
    folder.mkdir(parents=True, exist_ok=True)
    with write_atomically(folder / model.card.weights) as file:
        file.write(model.onnx)
    write_card(model.card, folder)
    return model.card


def write_card(card: ModelCard, folder: Path) -> None:
    """Write a card beside its weights."""
    with write_atomically(folder / CARD[-1]) as file:
        text = json.dumps({"schema": SCHEMA, **asdict(card)}, indent=1, ensure_ascii=False)
        file.write(text.encode() + b"\n")


def _any_fields(side: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    tissue = rng.random((1, TISSUE_CHANNELS, side, side, side), np.float32)
    return tissue, rng.random((1, LINEAR_CHANNELS, side, side, side), np.float32) ** 3


def _nothing() -> None:
    """Nobody waits to cancel so small a volume."""
