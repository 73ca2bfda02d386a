"""A network's files: its card, and its weights, which must be those that the card was made for."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ...base.checks import check_choice, check_known, check_number, check_text, check_whole
from ...base.errors import InvalidInput
from ...base.resources import resource
from ...base.storage import file_sha256
from .onnx_file import OnnxGraph, read_graph

__all__ = [
    "ARCHITECTURES",
    "CARD",
    "SCHEMA",
    "WEIGHTS",
    "Model",
    "ModelCard",
    "card_file",
    "kernels_sha256",
    "read_card",
    "read_model",
]

SCHEMA = "ludosimetry-model/3"
CARD = ("Models", "residual.json")
WEIGHTS = "residual.onnx"
ARCHITECTURES = ("linear", "paper")
"""Names of the networks; the first is linear in activity by construction."""


@dataclass(frozen=True)
class ModelCard:
    """
    What is known of a network.

    Attributes
    ----------
    name : str
    weights : str
        ONNX file beside the card.
    sha256 : str
        Hash of that file.
    architecture : str
        One of `ARCHITECTURES`.
    size : dict of str to int
        Arguments of the network.
    voxel_mm : float
        Side of the cubic voxels that it was trained with.
    bounds : tuple of float
        The corrected dose of electrons stays above the first times the lesser, and below the
        second times the greater, of the doses by the medium of the target and of the source.
    nuclide : str
        Nuclide of the doses it was trained with.
    media : int
        Number of media of the multiple voxel S values that it was trained with.
    kernels_sha256 : str
        Hash of the point kernels that it was trained with.
    training, validation : dict
        Data, plan and figures, for the reader.
    limits : list of str
    licence : str
    credits : list of str
    """

    name: str
    weights: str
    sha256: str
    architecture: str
    size: dict[str, int]
    voxel_mm: float
    bounds: tuple[float, float]
    nuclide: str
    media: int
    kernels_sha256: str
    training: dict[str, Any] = field(default_factory=dict)
    validation: dict[str, Any] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    licence: str = "not stated"
    credits: list[str] = field(default_factory=list)

    @property
    def linear(self) -> bool:
        """Whether twice the activity is exactly twice the residual."""
        return self.architecture == ARCHITECTURES[0]

    @property
    def identity(self) -> str:
        """The network's name and hash, for the provenance."""
        return f"{self.name} sha256 {self.sha256}"


@dataclass(frozen=True)
class Model:
    """
    A network ready for use.

    Attributes
    ----------
    card : ModelCard
    onnx : bytes
        The weights' file.
    graph : OnnxGraph
        What is in it.
    """

    card: ModelCard
    onnx: bytes = field(repr=False)
    graph: OnnxGraph = field(repr=False)


def kernels_sha256(nuclide: str) -> str:
    """Hash of the file with a nuclide's point kernels."""
    return file_sha256(resource("Kernels", f"{nuclide}.npz"))


def card_file(path: Path | None) -> Path:
    """
    The card of a network.

    Parameters
    ----------
    path : Path or None
        Folder that ``train`` or ``release`` wrote, or the card or the ONNX file in it; None for
        the network that is shipped.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    if path is None:
        try:
            return resource(*CARD)
        except FileNotFoundError:
            raise _refusal(
                path, f"the network, Resources/{'/'.join(CARD)}, is missing from this installation"
            ) from None
    found = path / CARD[-1] if path.is_dir() else path
    if found.suffix == Path(WEIGHTS).suffix:
        found = found.with_suffix(Path(CARD[-1]).suffix)
    if not found.is_file():
        raise _refusal(path, f"there is no network at {path}: its card {found} is missing")
    return found


def read_card(path: Path | None = None) -> ModelCard:
    """
    Read a network's card.

    Parameters
    ----------
    path : Path, optional
        As for `card_file`.

    Raises
    ------
    InvalidInput
        If there is none, or none of this version.
    """
    file = card_file(path)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        schema = content.pop("schema", None)
        if schema == SCHEMA:
            return _checked(content)
        reason = f"its schema is {schema!r}, expected {SCHEMA!r}"
    except (OSError, ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).rstrip(".").split()) or type(error).__name__
    raise _refusal(path, f"{file} is no model card ({reason})")


def read_model(path: Path | None = None) -> Model:
    """
    Read a network, the shipped one by default.

    Parameters
    ----------
    path : Path, optional
        As for `card_file`.

    Raises
    ------
    InvalidInput
        If the weights are missing, damaged, not those of the card, or more than weights.
    """
    file = card_file(path)
    card = read_card(path)
    weights = file.with_name(card.weights)
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise _refusal(
            path, f"the network's weights {weights} cannot be read ({error.strerror})"
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise _refusal(
            path,
            f"the network's weights {weights} are damaged or not those of {file.name}: SHA-256 is {found[:12]}..., "
            f"expected {card.sha256[:12]}...",
        )
    try:
        graph = read_graph(content)
    except (ValueError, OverflowError) as error:
        raise _refusal(path, f"{weights} is no network of this project: {error}") from None
    return Model(card, content, graph)


def _checked(content: Mapping[str, Any]) -> ModelCard:
    """The card of a file's content; what it says to the reader alone is taken as it is."""
    known = [f.name for f in fields(ModelCard)]
    for key in content:
        check_known(key, known)
    low, high = content.get("bounds", (0.0, 0.0))
    card = ModelCard(**{**content, "bounds": (low, high)})
    for name in ("name", "weights", "sha256", "nuclide", "kernels_sha256", "licence"):
        check_text(name, getattr(card, name))
    if Path(card.weights).name != card.weights or Path(card.weights).suffix != Path(WEIGHTS).suffix:
        raise ValueError(f"weights is {card.weights!r}; it must be the name of an ONNX file beside")
    check_choice("architecture", card.architecture, ARCHITECTURES)
    check_number("voxel_mm", card.voxel_mm)
    check_number("bounds", low)
    check_number("bounds", high, above=float(low))
    check_whole("media", card.media, 1)
    for name, value in card.size.items():
        check_whole(f"size {name}", value, 1)
    return card


def _refusal(path: Path | None, reason: str) -> InvalidInput:
    remedy = (
        "install LuDosimetry again"
        if path is None
        else "give the folder, the card or the ONNX file that 'train' or 'release' wrote"
    )
    return InvalidInput(
        f"{reason}; {remedy}, or choose the dose method photon-transport, which needs no network."
    )
