"""What the verbs share that train the residual network: their arguments, plan and card."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import InvalidInput
from ..case.choices import DEVICES
from ..lab.training.plan import TrainingPlan
from .arguments import add_output, count

if TYPE_CHECKING:
    from ..dose.residual.model import ModelCard

__all__ = ["add_plan", "card_of", "plan_of", "require_torch", "weights_to_start_from"]

_VOXEL_MM = 3.87
_BOUNDS = (0.75, 1.3)
_MAPS = 8


def add_plan(parser: argparse.ArgumentParser, output: str) -> None:
    """
    Add the arguments that decide how a network is trained.

    Parameters
    ----------
    parser : ArgumentParser
    output : str
        What ``-o`` is.
    """
    plan = TrainingPlan()
    add_output(parser, output)
    parser.add_argument(
        "--architecture",
        default=plan.architecture,
        metavar="NAME",
        help="architecture of the network: linear (in activity) or paper (Kim et al. 2022)",
    )
    parser.add_argument(
        "--maps", type=count, default=_MAPS, metavar="N", help="feature maps of the first level"
    )
    parser.add_argument(
        "--loss",
        default=plan.loss,
        metavar="NAME",
        help="loss: squared or L1 difference from Monte Carlo",
    )
    parser.add_argument(
        "--epochs", type=count, default=plan.epochs, metavar="N", help="number of epochs"
    )
    parser.add_argument(
        "--patches", type=count, default=plan.patches, metavar="N", help="patches in an epoch"
    )
    parser.add_argument(
        "--learning-rate",
        type=float,
        default=plan.learning_rate,
        metavar="RATE",
        help="learning rate at the start; it falls to 0 with a cosine",
    )
    parser.add_argument(
        "--patience",
        type=count,
        default=plan.patience,
        metavar="N",
        help="epochs without improvement after which training stops",
    )
    parser.add_argument(
        "--seed", type=int, default=plan.seed, metavar="N", help="seed of the random numbers"
    )
    parser.add_argument(
        "--device",
        choices=tuple(DEVICES),
        default="auto",
        help="where it is trained; auto takes a CUDA device where there is one",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="CARD.json",
        help="card of a network whose weights to start from (default: random weights)",
    )


def require_torch() -> None:
    """Refuse to train a network without torch, with the remedy."""
    from ..dose.unet import lack_of_network  # numpy and scipy take a second

    lack = lack_of_network()
    if lack is not None:
        raise InvalidInput(f"the network cannot be trained: {lack}.")


def plan_of(asked: argparse.Namespace) -> TrainingPlan:
    """Make the plan that the arguments ask for."""
    return TrainingPlan(
        architecture=asked.architecture,
        size={"maps": asked.maps},
        loss=asked.loss,
        epochs=asked.epochs,
        patches=asked.patches,
        learning_rate=asked.learning_rate,
        patience=asked.patience,
        seed=asked.seed,
    )


def weights_to_start_from(asked: argparse.Namespace) -> dict[str, Any] | None:
    """Read the weights to start from; None for random ones."""
    from ..dose.residual.model import read_model  # torch takes seconds

    return None if asked.start is None else read_model(asked.start).network.state_dict()


def card_of(asked: argparse.Namespace, plan: TrainingPlan) -> "ModelCard":
    """Begin the card of a network that is trained by a plan."""
    from ..dose.residual.model import ModelCard  # torch takes seconds

    return ModelCard(
        name="residual",
        weights="residual.pt",
        sha256="",
        architecture=plan.architecture,
        size=plan.size,
        voxel_mm=_VOXEL_MM,
        bounds=_BOUNDS,
        training={"plan": asdict(plan), "start": "" if asked.start is None else asked.start.name},
    )
