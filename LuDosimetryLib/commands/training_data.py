"""``ludosimetry training-data``: make datasets to train the residual network with."""

import argparse
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from .arguments import add_output, count
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]

_HISTORIES = 15_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_output(parser, "folder for the datasets")
    parser.add_argument(
        "--study",
        action="store_true",
        help="make the 22 datasets of the study's 7 virtual patients",
    )
    parser.add_argument(
        "--phantoms",
        type=int,
        nargs="*",
        default=[],
        metavar="SEED",
        help="seeds of further virtual patients",
    )
    parser.add_argument(
        "--ct", type=Path, nargs="*", default=[], metavar="FILE", help="real CT images [HU]"
    )
    parser.add_argument(
        "--origin",
        default="",
        metavar="TEXT",
        help="whose the CT images are, and under which licence; a network's card credits them with it",
    )
    parser.add_argument(
        "--each", type=count, default=1, metavar="N", help="number of datasets of each CT"
    )
    parser.add_argument(
        "--histories",
        type=count,
        default=_HISTORIES,
        metavar="N",
        help="decays that Monte Carlo follows for each dataset",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="address of a dask.distributed scheduler whose workers calculate Monte Carlo batches",
    )


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Make the datasets; print the path of each."""
    # numpy, scipy and SimpleITK take a second
    from ..lab.training.training_data import (
        ct_recipes,
        make_datasets,
        phantom_recipes,
        study_recipes,
    )

    recipes = study_recipes() if asked.study else []
    recipes += phantom_recipes(asked.phantoms) + ct_recipes(asked.ct, asked.each, asked.origin)
    if not recipes:
        raise InvalidInput("nothing to make: give --study, --phantoms or --ct.")
    log = Log(progress)
    for path in make_datasets(recipes, asked.output, asked.histories, asked.scheduler, log):
        print(path)
