"""Datasets made by the command ``training-data``: virtual patients, and real CTs with random uptake."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...base.errors import InvalidInput
from ...base.log import Log
from ...base.storage import lock
from ...case.case import Case
from ...image.volume import read_volume
from ...pipeline import run_case
from ...result.result import ResultData
from ..phantom.patient import write_phantom
from ..phantom.random_uptake import patient_of_ct
from ..phantom.scanner import Scanner
from ..phantom.virtual_case import spect_grid, write_virtual_case
from .dataset import SUFFIX, Dataset
from .named_log import named_log

STUDY_CYCLES = {101: 4, 102: 4, 103: 3, 104: 3, 105: 3, 106: 3, 107: 2}
"""Virtual patients of the study and their cycles: 7 patients, 22 datasets, as in Kim et al. 2022."""

VIRTUAL_PATIENTS = "virtual patients of LuDosimetry (ludosimetry phantom)"

_METHOD = "monte-carlo"
_RESOLUTION_MM = (5.0, 12.0)


@dataclass(frozen=True)
class Recipe:
    """
    What a dataset is made of.

    Attributes
    ----------
    patient : str
    seed : int
    cycle : int
    ct : Path or None
        A real CT [HU]; None for a virtual patient.
    origin : str
        Whose CT it is, and under which licence; empty if that was not stated.
    """

    patient: str
    seed: int
    cycle: int = 1
    ct: Path | None = None
    origin: str = ""

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return f"{self.patient}-{self.cycle}"

    @property
    def source(self) -> str:
        """Description of the CT, for the dataset."""
        if self.ct is None:
            return VIRTUAL_PATIENTS
        return f"CT {self.ct.name}, {self.origin}" if self.origin else ""

    def write_case(self, folder: Path, log: Log) -> Path:
        """Write the case, whose uptake follows from seed and cycle."""
        if self.ct is None:
            return write_phantom(self.seed, folder, log, self.cycle)
        seed = 1000 * self.cycle + self.seed
        rng = np.random.default_rng(seed)
        ct = read_volume(self.ct, "CT")
        return write_virtual_case(
            patient_of_ct(ct, self.patient, seed),
            folder,
            log,
            grid=spect_grid(ct.grid),
            # sharp and blurred edges
            scanner=Scanner(resolution_mm=float(rng.uniform(*_RESOLUTION_MM))),
            seed=seed,
        )


def study_recipes() -> list[Recipe]:
    """The 22 datasets of the study, the first cycles of all patients first."""
    recipes = [
        Recipe(f"patient{seed}", seed, cycle + 1)
        for seed, cycles in STUDY_CYCLES.items()
        for cycle in range(cycles)
    ]
    return sorted(recipes, key=lambda recipe: recipe.cycle)


def phantom_recipes(seeds: Sequence[int]) -> list[Recipe]:
    """
    A first cycle of further virtual patients.

    Raises
    ------
    InvalidInput
        For a patient of the study, whom no training may see under another name.
    """
    if taken := STUDY_CYCLES.keys() & set(seeds):
        raise InvalidInput(
            f"the virtual patients {', '.join(map(str, sorted(taken)))} are those of the study; choose other seeds."
        )
    return [Recipe(f"phantom{seed}", seed) for seed in seeds]


def ct_recipes(cts: Sequence[Path], each: int, origin: str = "") -> list[Recipe]:
    """
    Datasets of real CTs.

    Parameters
    ----------
    cts : sequence of Path
    each : int
        Datasets of each CT, with different uptake.
    origin : str
        Whose CTs they are, and under which licence; a card credits them with it.
    """
    return [
        Recipe(f"{ct.resolve().parent.name}-{ct.name.split('.')[0]}", n, cycle + 1, ct, origin)
        for cycle in range(each)
        for n, ct in enumerate(cts)
    ]


def make_datasets(
    recipes: Sequence[Recipe],
    folder: Path,
    histories: int,
    scheduler: str | None,
    log: Log,
) -> list[Path]:
    """
    Make datasets, each written when its Monte Carlo is finished.

    Existing datasets stay as they are; an interrupted one is resumed. Several processes may write
    into one folder, each another dataset.

    Parameters
    ----------
    recipes : sequence of Recipe
    folder : Path
    histories : int
        Decays of each Monte Carlo.
    scheduler : str or None
        Address of a scheduler of dask.distributed; None for this process.
    log : Log

    Returns
    -------
    list of Path
        Files of the datasets that are there; another process may still be at others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for recipe in recipes:
        part = named_log(recipe.name, log.part(1.0 / len(recipes)))
        part.at(0.0, "starting")
        file = folder / f"{recipe.name}{SUFFIX}"
        if file.exists():
            continue
        unfinished = folder / f".{recipe.name}.unfinished"
        unfinished.mkdir(exist_ok=True)
        with lock(unfinished) as free:
            if free:
                if not file.exists():  # nor has another process finished it just now
                    _make(recipe, folder, unfinished, histories, scheduler, part)
                shutil.rmtree(unfinished, ignore_errors=True)
    return [path for r in recipes if (path := folder / f"{r.name}{SUFFIX}").exists()]


def _make(
    recipe: Recipe,
    folder: Path,
    unfinished: Path,
    histories: int,
    scheduler: str | None,
    log: Log,
) -> None:
    with tempfile.TemporaryDirectory() as scans:
        file = recipe.write_case(Path(scans), log.part(0.05))
        case = Case.read(file).with_options(
            dose_method=_METHOD,
            compare_with=(),
            histories=histories,
            seed=1000 * recipe.cycle + recipe.seed,
            scheduler=scheduler,
        )
        result = run_case(case, log.part(0.95).at, unfinished)
    _dataset(recipe, case, result).write(folder)


def _dataset(recipe: Recipe, case: Case, result: ResultData) -> Dataset:
    return Dataset(
        patient=recipe.patient,
        cycle=recipe.cycle,
        grid=result.grid,
        tia=result.tia,
        density=result.density,
        reported=result.reported,
        dose=result.dose,
        standard_error=result.standard_errors[_METHOD],
        vois=result.vois,
        organ_standard_error_Gy={o.name: o.standard_error_Gy or 0.0 for o in result.organs},
        nuclide=case.nuclide,
        how=result.provenance[_METHOD],
        source=recipe.source,
    )
