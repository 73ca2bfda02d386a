"""The shell's verbs about the network: training-data, train, crossvalidate."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..base.errors import InvalidInput
from ..base.progress import Progress

Added = Callable[..., argparse.ArgumentParser]

VOXEL_MM = 3.87
BOUNDS = (0.75, 1.3)
_HISTORIES = 15_000_000


def add_verbs(verb: Added, count: Callable[[str], int]) -> None:
    """
    Add the verbs to the shell's parser.

    Parameters
    ----------
    verb : callable
        Of name, function and text.
    count : callable
        Reads a whole number above 0.
    """
    data = verb("training-data", _training_data, "make datasets to train with, by Monte Carlo")
    data.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    data.add_argument(
        "--study", action="store_true", help="the 22 datasets of 7 virtual patients of the study"
    )
    data.add_argument("--phantoms", type=int, nargs="*", default=[], metavar="SEED")
    data.add_argument(
        "--ct", type=Path, nargs="*", default=[], metavar="FILE", help="real CTs [HU]"
    )
    data.add_argument("--each", type=count, default=1, metavar="N", help="datasets of each CT")
    data.add_argument("--histories", type=count, default=_HISTORIES, metavar="N", help="decays")
    data.add_argument("--scheduler", metavar="ADDRESS", help="of dask.distributed")

    train = verb("train", _train, "train the residual network")
    train.add_argument("data", type=Path, nargs="+", metavar="DIR", help="folders of datasets")
    train.add_argument(
        "--validate",
        nargs="*",
        default=[],
        metavar="PATIENT",
        help="not trained with; say when to stop",
    )
    _add_plan(train, count)

    cross = verb("crossvalidate", _crossvalidate, "leave-one-patient-out, with tables and figures")
    cross.add_argument(
        "data", type=Path, metavar="DIR", help="datasets of the patients of the study"
    )
    cross.add_argument(
        "--others", type=Path, metavar="DIR", help="datasets of others, trained with in every fold"
    )
    cross.add_argument("--report", type=Path, metavar="DIR", help="tables and figures go here too")
    _add_plan(cross, count)

    release = verb("release", _release, "complete a trained network's card, to ship it")
    release.add_argument("card", type=Path, metavar="CARD.json")
    release.add_argument(
        "--study", type=Path, required=True, metavar="DIR", help="of crossvalidate"
    )
    release.add_argument(
        "--external", type=Path, required=True, metavar="DIR", help="datasets of an external test"
    )
    release.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")


def _add_plan(added: argparse.ArgumentParser, count: Callable[[str], int]) -> None:
    from ..lab.training.plan import TrainingPlan

    plan = TrainingPlan()
    added.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    added.add_argument("--architecture", default=plan.architecture, help="linear or paper")
    added.add_argument("--maps", type=count, default=8, help="feature maps of the first level")
    added.add_argument("--loss", default=plan.loss, help="squared or L1")
    added.add_argument("--epochs", type=count, default=plan.epochs)
    added.add_argument("--patches", type=count, default=plan.patches, help="in an epoch")
    added.add_argument("--learning-rate", type=float, default=plan.learning_rate)
    added.add_argument("--patience", type=count, default=plan.patience)
    added.add_argument("--seed", type=int, default=plan.seed)
    added.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    added.add_argument("--start", type=Path, metavar="CARD.json", help="weights to begin with")


def _training_data(asked: argparse.Namespace, progress: Progress) -> None:
    from ..lab.training.training_data import (
        ct_recipes,
        make_datasets,
        phantom_recipes,
        study_recipes,
    )

    recipes = study_recipes() if asked.study else []
    recipes += phantom_recipes(asked.phantoms) + ct_recipes(asked.ct, asked.each)
    if not recipes:
        raise InvalidInput("nothing to make: give --study, --phantoms or --ct.")
    for path in make_datasets(recipes, asked.output, asked.histories, asked.scheduler, progress):
        print(path)


def _require_torch() -> None:
    from ..dose.unet import lack_of_network

    lack = lack_of_network()
    if lack is not None:
        raise InvalidInput(f"the network cannot be trained: {lack}.")


def _plan(asked: argparse.Namespace) -> Any:
    from ..lab.training.plan import TrainingPlan

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


def _start(asked: argparse.Namespace) -> dict[str, Any] | None:
    from ..dose.residual.model import read_model

    return None if asked.start is None else read_model(asked.start).network.state_dict()


def _card(asked: argparse.Namespace, plan: Any) -> Any:
    from ..dose.residual.model import ModelCard

    return ModelCard(
        name="residual",
        weights="residual.pt",
        sha256="",
        architecture=plan.architecture,
        size=plan.size,
        voxel_mm=VOXEL_MM,
        bounds=BOUNDS,
        training={"plan": asdict(plan), "start": "" if asked.start is None else asked.start.name},
    )


def _train(asked: argparse.Namespace, progress: Progress) -> None:
    _require_torch()
    from ..dose.convolution import choose_device
    from ..dose.residual.model import CARD, write_model
    from ..lab.training.dataset import read_datasets
    from ..lab.training.patches import samples_of
    from ..lab.training.training import Training

    plan = _plan(asked)
    datasets = [dataset for folder in asked.data for dataset in read_datasets(folder)]
    patients = {dataset.patient for dataset in datasets}
    if unknown := set(asked.validate) - patients:
        raise InvalidInput(
            f"--validate names {', '.join(sorted(unknown))}; there are {', '.join(sorted(patients))}."
        )
    validating = set(asked.validate) or {max(patients)}
    if patients == validating:
        raise InvalidInput(
            f"no patient is left to train with: {', '.join(sorted(patients))} say when to stop; give more datasets."
        )
    start = _start(asked)
    samples = samples_of(datasets, lambda f, text: progress(0.1 * f, text))
    network = Training(plan, asked.output, choose_device(asked.device), start).run(
        [samples[d.name] for d in datasets if d.patient not in validating],
        [samples[d.name] for d in datasets if d.patient in validating],
        lambda f, text: progress(0.1 + 0.9 * f, text),
    )
    card = _card(asked, plan)
    card.training["datasets"] = sorted(d.name for d in datasets if d.patient not in validating)
    card.training["validated_with"] = sorted(validating)
    write_model(network, card, asked.output)
    print(asked.output / CARD[-1])


def _crossvalidate(asked: argparse.Namespace, progress: Progress) -> None:
    _require_torch()
    from ..dose.convolution import choose_device
    from ..dose.residual.model import CARD, read_model
    from ..lab.training.crossvalidation import CrossValidation
    from ..lab.training.dataset import read_datasets
    from ..lab.training.evaluation import LUNG_LIVER_BORDER, evaluate, with_lung_liver_border
    from ..lab.training.study_figures import write_study

    plan = _plan(asked)
    study = read_datasets(asked.data)
    others = [] if asked.others is None else read_datasets(asked.others)
    device = choose_device(asked.device)
    validation = CrossValidation(plan, _card(asked, plan), asked.output, device, _start(asked))
    evaluations = validation.run(study, others, progress)
    shown: dict[str, Any] = {}
    for dataset in map(with_lung_liver_border, study):
        for voi in ("bone metastasis 1", "lung metastasis 1", LUNG_LIVER_BORDER):
            if voi in dataset.vois and voi not in shown:
                model = read_model(asked.output / f"without-{dataset.patient}" / CARD[-1])
                shown[voi] = (dataset, evaluate(dataset, model, device)[1])
    for folder in {asked.output / "report", asked.report or asked.output / "report"}:
        write_study(evaluations, shown, folder, "Leave-one-patient-out study")
        print(folder / "tables.md")


def _release(asked: argparse.Namespace, progress: Progress) -> None:
    _require_torch()
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
