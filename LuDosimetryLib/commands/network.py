"""Arguments, packages, plan and start that the verbs for training the residual network share."""

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.errors import InvalidInput
from ..case.choices import DEVICES
from ..lab.training.plan import TrainingPlan
from .arguments import add_output, count

if TYPE_CHECKING:
    from ..dose.residual.model import Model

__all__ = ["add_plan", "plan_of", "require_training", "start_of"]

_MAPS = 8
_PACKAGES = ("torch", "onnx", "onnxruntime")
"""Packages that training and testing a network need besides numpy and scipy."""


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
        help="device for the training; auto uses a CUDA device if there is one",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="PATH",
        help="folder, card or ONNX file of a network whose weights the training starts from (default: random weights)",
    )


def require_training() -> None:
    """Refuse to train or test a network without the packages for it, with the remedy."""
    lacking = [name for name in _PACKAGES if find_spec(name) is None]
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        raise InvalidInput(
            f"the network cannot be trained or tested: {' and '.join(lacking)} {verb} not installed "
            f"(pip install {' '.join(lacking)})."
        )


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


def start_of(asked: argparse.Namespace, plan: TrainingPlan) -> "Model | None":
    """
    Read the network to start from; None for random weights.

    Raises
    ------
    InvalidInput
        If it is of another architecture or size than the plan's.
    """
    from ..dose.residual.model import read_model  # numpy takes a second

    if asked.start is None:
        return None
    model: Model = read_model(asked.start)
    if (model.card.architecture, model.card.size) != (plan.architecture, plan.size):
        raise InvalidInput(
            f"--start is a network {model.card.architecture!r} of size {model.card.size}, and one {plan.architecture!r} of "
            f"size {plan.size} is to be trained; give --architecture and --maps to match."
        )
    return model
