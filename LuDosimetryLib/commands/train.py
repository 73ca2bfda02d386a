"""``ludosimetry train``: train the residual network."""

import argparse
from dataclasses import replace
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from .console import ConsoleProgress
from .network import add_plan, plan_of, require_training, start_of

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "data", type=Path, nargs="+", metavar="DIR", help="folders with the datasets"
    )
    parser.add_argument(
        "--validate",
        nargs="*",
        default=[],
        metavar="PATIENT",
        help="patients whose datasets are not trained with but decide when to stop (default: the last patient by name)",
    )
    add_plan(parser, "folder for checkpoint, curves and network")


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Train the network; print the path of its card."""
    plan = plan_of(asked)
    require_training()
    # torch, numpy, scipy and SimpleITK take seconds
    from ..dose.convolution import choose_device
    from ..dose.residual.model import CARD
    from ..dose.residual.torch_network import module_of
    from ..lab.training.dataset import read_datasets
    from ..lab.training.model_folder import write_model
    from ..lab.training.patches import samples_of
    from ..lab.training.training import Training
    from ..lab.training.training_record import card_of, training_record

    datasets = [dataset for folder in asked.data for dataset in read_datasets(folder)]
    patients = {dataset.patient for dataset in datasets}
    if unknown := set(asked.validate) - patients:
        raise InvalidInput(
            f"--validate names {', '.join(sorted(unknown))}; there are {', '.join(sorted(patients))}."
        )
    validating = set(asked.validate) or {max(patients)}
    if patients == validating:
        raise InvalidInput(
            f"no patient is left to train with: {', '.join(sorted(patients))} decide when to stop; give more datasets."
        )
    for dataset in datasets:
        dataset.check()
    learning = [d for d in datasets if d.patient not in validating]
    deciding = [d for d in datasets if d.patient in validating]
    start = start_of(asked, plan)
    record = training_record(plan, learning, deciding, None if start is None else start.card)
    card = replace(card_of(plan, datasets), training=record)
    log = Log(progress)
    samples = samples_of(datasets, log.part(0.1))
    weights = None if start is None else module_of(start).state_dict()
    network = Training(plan, asked.output, choose_device(asked.device), weights).run(
        [samples[d.name] for d in learning], [samples[d.name] for d in deciding], log.part(0.9)
    )
    write_model(network, card, asked.output)
    print(asked.output / CARD[-1])
