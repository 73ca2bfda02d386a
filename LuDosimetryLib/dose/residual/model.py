"""The shipped network: its card, and its weights, which must be those that the card was made for."""

import hashlib
import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...base.errors import InvalidInput
from ...base.resources import resource
from ...base.storage import write_atomically

SCHEMA = "ludosimetry-model/1"
CARD = ("Models", "residual.json")

_REMEDY = "install LuDosimetry again, or choose the dose method multi-vsv, which needs no weights"


@dataclass(frozen=True)
class ModelCard:
    """
    What is known of a network's weights.

    Attributes
    ----------
    name : str
    weights : str
        File beside the card.
    sha256 : str
        Of that file.
    architecture : str
        One of `network.ARCHITECTURES`.
    size : dict of str to int
        Arguments of the network.
    voxel_mm : float
        Of the cubic voxels it was trained with.
    bounds : tuple of float
        The corrected dose stays above the first times the lesser, and below the second times the
        greater, of the multiple-VSV and split-VSV doses.
    nuclide : str
        Nuclide of the doses it was trained with.
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
    nuclide: str = "Lu-177"
    training: dict[str, Any] = field(default_factory=dict)
    validation: dict[str, Any] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    licence: str = "Apache-2.0"
    credits: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """For the provenance."""
        return f"{self.name} sha256 {self.sha256}"


@dataclass(frozen=True)
class Model:
    """
    A network ready for use.

    Attributes
    ----------
    card : ModelCard
    network : LinearNetwork or PaperNetwork
        With its weights, on the CPU.
    """

    card: ModelCard
    network: Any


def write_model(network: Any, card: ModelCard, folder: Path) -> ModelCard:
    """
    Write weights and card.

    Returns
    -------
    ModelCard
        With the hash of the weights.
    """
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    torch.save({k: v.cpu() for k, v in network.state_dict().items()}, content)
    weights = content.getvalue()
    held = {**asdict(card), "sha256": hashlib.sha256(weights).hexdigest()}
    card = ModelCard(**held)
    with write_atomically(folder / card.weights) as file:
        file.write(weights)
    with write_atomically(folder / CARD[-1]) as file:
        text = json.dumps({"schema": SCHEMA, **asdict(card)}, indent=1, ensure_ascii=False)
        file.write(text.encode() + b"\n")
    return card


def read_card(path: Path) -> ModelCard:
    """
    Read a card.

    Raises
    ------
    InvalidInput
        If there is none, or none of this version.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        schema = held.pop("schema", None)
        if schema == SCHEMA:
            low, high = held.pop("bounds")
            path.with_name(held["weights"])  # which must be a name and no path
            return ModelCard(bounds=(float(low), float(high)), **held)
        reason = f"its schema is {schema!r}, expected {SCHEMA!r}"
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
    raise InvalidInput(f"{path} is no model card ({reason}); {_REMEDY}.")


def shipped_card() -> ModelCard:
    """
    Read the card of the shipped network.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    return read_card(_shipped())


def _shipped() -> Path:
    try:
        return resource(*CARD)
    except FileNotFoundError:
        raise InvalidInput(
            f"the network's weights, Resources/{'/'.join(CARD)}, are missing; {_REMEDY}."
        ) from None


def read_model(path: Path | None = None) -> Model:
    """
    Read the network of a card, the shipped one by default.

    Raises
    ------
    InvalidInput
        If the weights are missing, damaged, or not those of the card.
    ImportError
        Without torch.
    """
    path = _shipped() if path is None else path
    card = read_card(path)
    weights = path.with_name(card.weights)
    return Model(card, _read_network(weights, card))


def _read_network(path: Path, card: ModelCard) -> Any:
    import torch

    from .network import ARCHITECTURES

    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"the network's weights {path} cannot be read ({error.strerror}); {_REMEDY}."
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise InvalidInput(
            f"the network's weights {path} are damaged or not those of {CARD[-1]}: SHA-256 is {found[:12]}..., expected "
            f"{card.sha256[:12]}...; {_REMEDY}."
        )
    try:
        network = ARCHITECTURES[card.architecture](**card.size)
        network.load_state_dict(torch.load(io.BytesIO(content), weights_only=True))
    except Exception as error:  # torch raises many kinds for what is not its file
        raise InvalidInput(
            f"the network's weights {path} do not fit {card.architecture!r} ({type(error).__name__}); {_REMEDY}."
        ) from None
    return network.eval()
