"""``ludosimetry release``: complete the card of a trained network, to ship it."""

import argparse
from pathlib import Path

from .arguments import add_output
from .console import ConsoleProgress
from .network import require_torch

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("card", type=Path, metavar="CARD.json", help="card of the trained network")
    parser.add_argument(
        "--study", type=Path, required=True, metavar="DIR", help="output folder of crossvalidate"
    )
    parser.add_argument(
        "--external",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with the datasets of an external test",
    )
    add_output(parser, "folder for the weights, the card and its readable form")


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Test the network on external data and write it; print the path of its card."""
    require_torch()
    # torch, numpy, scipy and SimpleITK take seconds
    from ..dose.residual.model import CARD, read_model
    from ..lab.training.crossvalidation import EVALUATIONS, read_evaluations
    from ..lab.training.dataset import read_datasets
    from ..lab.training.release import external_tables, write_release
    from ..lab.training.study import tables_of

    model = read_model(asked.card)
    progress(0.0, "external test")
    external = external_tables(model, read_datasets(asked.external))
    study = tables_of(read_evaluations(asked.study / EVALUATIONS))
    write_release(model, study, external, model.card.training["datasets"], asked.output)
    print(asked.output / CARD[-1])
