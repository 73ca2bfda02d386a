"""``ludosimetry crossvalidate``: train and test leaving out one patient at a time."""

import argparse
from pathlib import Path
from typing import Any

from ..base.log import Log
from .console import ConsoleProgress
from .network import add_plan, plan_of, require_training, start_of

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "data", type=Path, metavar="DIR", help="folder with the datasets of the study's patients"
    )
    parser.add_argument(
        "--others",
        type=Path,
        metavar="DIR",
        help="folder with datasets of other patients, trained with in every fold",
    )
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="second folder for the tables and figures"
    )
    add_plan(parser, "folder for the networks, tables and figures")


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Train and test the networks; print the paths of the tables."""
    plan = plan_of(asked)
    require_training()
    # torch, numpy, scipy and SimpleITK take seconds
    from ..dose.convolution import choose_device
    from ..dose.residual.model import read_model
    from ..lab.training.crossvalidation import CrossValidation
    from ..lab.training.dataset import read_datasets
    from ..lab.training.evaluation import LUNG_LIVER_BORDER, evaluate, with_lung_liver_border
    from ..lab.training.study_figures import write_study

    study = read_datasets(asked.data)
    others = [] if asked.others is None else read_datasets(asked.others)
    device = choose_device(asked.device)
    validation = CrossValidation(plan, asked.output, device, start_of(asked, plan))
    evaluations = validation.run(study, others, Log(progress))
    shown: dict[str, Any] = {}
    for dataset in map(with_lung_liver_border, study):
        for voi in ("bone metastasis 1", "lung metastasis 1", LUNG_LIVER_BORDER):
            if voi in dataset.vois and voi not in shown:
                model = read_model(asked.output / f"without-{dataset.patient}")
                shown[voi] = (dataset, evaluate(dataset, model, Log(), device)[1])
    for folder in {asked.output / "report", asked.report or asked.output / "report"}:
        write_study(evaluations, shown, folder, "Leave-one-patient-out study")
        print(folder / "tables.md")
