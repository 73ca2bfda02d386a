"""Monte Carlo of this patient: every decay's electrons and photons followed through the CT."""

import numpy as np

from ..base.errors import InvalidInput
from ..base.log import Log
from ..image.arrays import Array, bounding_box
from ..montecarlo.checkpoint import Checkpoint
from ..montecarlo.cluster import Cluster
from ..montecarlo.engine import engine_version, load_engine
from ..montecarlo.patient import Patient
from ..montecarlo.run import Goal, Run, Task, ThisProcess, Workers
from ..montecarlo.statistics import BatchStatistics
from ..tissue.density import AIR_DENSITY_G_CM3
from ..tissue.media import read_monte_carlo_media
from .problem import GY_G_PER_KEV_MBQ_H, DoseProblem, MethodDose


def monte_carlo_dose(problem: DoseProblem, log: Log) -> MethodDose:
    """
    Calculate the absorbed dose and its standard error by Monte Carlo.

    Media follow from the density and the calcium of each voxel; all that is given no dose (not the patient, or
    air in it) is air. Decays there are followed like all others. Voxel doses are unbiased and
    not cut off at 0: where little is absorbed, noise may make one negative.

    Raises
    ------
    InvalidInput
        If ompmc is missing, there is no activity, or none of it in tissue.
    """
    load_engine()
    tia, reported = problem.tia_MBq_h_mL, problem.reported
    _check_activity(problem, log)
    box = bounding_box(reported | (tia > 0.0))
    part = reported[box]
    density = np.where(part, problem.density_g_cm3[box], np.float32(AIR_DENSITY_G_CM3))
    patient = Patient.of(
        problem.grid.voxel_cm,
        density.astype(np.float32),
        read_monte_carlo_media(),
        np.ascontiguousarray(tia[box]),
        np.where(part, problem.calcium[box], np.float32(0.0)),
    )
    regions = {name: voi[box] & part for name, voi in problem.vois.items()}
    effort = problem.effort
    voxel_mL = problem.grid.voxel_volume_mL
    goal, decays = Goal.of(effort.histories, effort.uncertainty_percent, regions, voxel_mL)
    task = Task(patient, problem.nuclide, effort.seed, decays)
    checkpoint = Checkpoint(effort.unfinished, task.key(regions))
    run = Run(task, goal, regions, part, checkpoint, _workers(effort.scheduler))
    done = run.result(log)

    # keV per decay in a voxel -> Gy: all decays of the patient, over the voxel's mass
    decayed_MBq_h = float(tia.sum(dtype=np.float64)) * voxel_mL
    gy_g = GY_G_PER_KEV_MBQ_H * decayed_MBq_h
    per_mass = np.where(part, gy_g / (density.astype(np.float64) * voxel_mL), 0.0)

    def whole(energy_keV: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> Array:
        values = np.zeros(problem.grid.shape, np.float32)
        values[box] = energy_keV * per_mass
        return values

    mass_g = {
        name: float(density[r].sum(dtype=np.float64)) * voxel_mL for name, r in regions.items()
    }
    errors = done.region_standard_errors()
    dose = whole(done.mean)
    _warn_of_noise(dose, problem, log)
    return MethodDose(
        dose=dose,
        standard_error=whole(done.standard_error()),
        organ_standard_error_Gy={
            name: gy_g * error / mass_g[name] if mass_g[name] else 0.0
            for name, error in errors.items()
        },
        how=_how(task, done, run.resumed_batches),
    )


def _warn_of_noise(dose_Gy: Array, problem: DoseProblem, log: Log) -> None:
    negative = int((dose_Gy < 0.0).sum())
    if negative:
        part = 100.0 * negative / int(problem.reported.sum())
        log.remark(
            f"Monte Carlo: statistical noise makes the dose of {negative} voxels ({part:.2g} %) negative; organ means "
            "are not biased by it, but voxel doses and the DVH need more decays."
        )


def _how(task: Task, done: BatchStatistics, resumed: int) -> dict[str, object]:
    return {
        "engine": engine_version(),
        "seed": task.seed,
        "batches": done.batches,
        "batches_of_an_earlier_run": resumed,
        "decays": done.batches * task.decays,
        "electrons_followed": done.followed["electron"],
        "photons_followed": done.followed["photon"],
        "media": [medium.composition for medium in task.patient.media],
    }


def _workers(scheduler: str | None) -> Workers:
    if scheduler is None:
        return ThisProcess()
    return Cluster(scheduler)


def _check_activity(problem: DoseProblem, log: Log) -> None:
    tia, reported = problem.tia_MBq_h_mL, problem.reported
    total = float(tia.sum(dtype=np.float64))
    if total <= 0.0:
        raise InvalidInput(
            "the time-integrated activity is 0 everywhere; a Monte Carlo needs decays to follow."
        )
    in_air = float(tia[~reported].sum(dtype=np.float64)) / total
    if not (tia[reported] > 0.0).any():
        raise InvalidInput(
            "all of the time-integrated activity lies in air or outside the patient on the CT; a Monte Carlo needs "
            "activity in tissue (check that CT and SPECT belong together)."
        )
    if in_air > 0.0:
        log.remark(
            f"Monte Carlo: {100 * in_air:.2g} % of the decays happen in air or outside the patient on the CT; their "
            "electrons and photons were followed from there, through air."
        )
