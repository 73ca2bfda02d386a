"""``ludosimetry release``: test a trained network and complete its card, to ship it."""

import argparse
from pathlib import Path

from ..base.log import Log
from .arguments import add_output
from .console import ConsoleProgress
from .network import require_training

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "model", type=Path, metavar="MODEL", help="folder of train, or the card or ONNX file in it"
    )
    parser.add_argument(
        "--study",
        type=Path,
        required=True,
        metavar="DIR",
        help="output folder of crossvalidate, for networks trained in the same way",
    )
    parser.add_argument(
        "--external",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with datasets of patients that the network never saw",
    )
    parser.add_argument(
        "--licence",
        default="not stated",
        metavar="TEXT",
        help="licence of the weights, for the card",
    )
    add_output(parser, "folder for the weights, the card and its readable form")


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Test the network on external data and write it; print the path of its card."""
    require_training()
    # torch, numpy, scipy and SimpleITK take seconds
    from ..dose.residual.model import CARD, read_model
    from ..lab.training.dataset import read_datasets
    from ..lab.training.release import Release

    external = read_datasets(asked.external)
    release = Release(read_model(asked.model), asked.study, external, asked.licence)
    release.write(asked.output, Log(progress))
    print(asked.output / CARD[-1])
