"""``ludosimetry train``: train the residual network."""

import argparse
from pathlib import Path

from ..base.errors import InvalidInput
from .console import ConsoleProgress
from .network import add_plan, card_of, plan_of, require_torch, weights_to_start_from

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
    require_torch()
    # torch, numpy, scipy and SimpleITK take seconds
    from ..dose.convolution import choose_device
    from ..dose.residual.model import CARD, write_model
    from ..lab.training.dataset import read_datasets
    from ..lab.training.patches import samples_of
    from ..lab.training.training import Training

    plan = plan_of(asked)
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
    start = weights_to_start_from(asked)
    samples = samples_of(datasets, lambda f, text: progress(0.1 * f, text))
    network = Training(plan, asked.output, choose_device(asked.device), start).run(
        [samples[d.name] for d in datasets if d.patient not in validating],
        [samples[d.name] for d in datasets if d.patient in validating],
        lambda f, text: progress(0.1 + 0.9 * f, text),
    )
    card = card_of(asked, plan)
    card.training["datasets"] = sorted(d.name for d in datasets if d.patient not in validating)
    card.training["validated_with"] = sorted(validating)
    write_model(network, card, asked.output)
    print(asked.output / CARD[-1])
