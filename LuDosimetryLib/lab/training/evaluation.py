"""How well each method meets Monte Carlo on one dataset: organs, tissues and correlation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from ...agreement.agreement import LOW_DOSE_GY
from ...base.log import Log
from ...dose.local import local_dose
from ...dose.multi_vsv import multi_vsv_dose
from ...dose.problem import DoseProblem
from ...dose.residual.correction import corrected_dose
from ...dose.residual.model import Model
from ...dose.single_vsv import single_vsv_dose
from ...dose.split_vsv import split_vsv_dose
from ...image.arrays import Array, Mask
from ...organs.organ_dose import mean_dose
from .dataset import Dataset

METHODS = ("local", "single-vsv", "multi-vsv", "split-vsv", "photon-transport", "unet")
"""Those compared with Monte Carlo, in order of refinement."""

LUNG_LIVER_BORDER = "lung-liver border"

_LUNG_G_CM3 = (0.05, 0.6)
_FAT_G_CM3 = (0.6, 0.97)
_BONE_G_CM3 = 1.13
_BORDER_VOXELS = 2
_SHOWN_ABOVE = 0.01
"""Part of the greatest dose below which voxels are left out of the tissue errors."""


@dataclass(frozen=True)
class OrganRecord:
    """Mean dose of one volume of interest by Monte Carlo and by every method [Gy]."""

    organ: str
    monte_carlo_Gy: float
    standard_error_Gy: float
    volume_mL: float
    by_method_Gy: dict[str, float]


@dataclass(frozen=True)
class Moments:
    """
    Sums for a correlation over many datasets.

    Attributes
    ----------
    sums : list of float
        Number; sums of x, y, x squared, y squared and x y, y being Monte Carlo; sum of the
        squared standard errors of y.
    """

    sums: list[float]

    @classmethod
    def of(cls, dose: Array, reference: Array, standard_error: Array) -> "Moments":
        """Sum up voxels; all arrays have one shape."""
        x, y = dose.astype(np.float64).reshape(-1), reference.astype(np.float64).reshape(-1)
        noise = standard_error.astype(np.float64).reshape(-1)
        return cls(
            [float(v) for v in (x.size, x.sum(), y.sum(), x @ x, y @ y, x @ y, noise @ noise)]
        )

    def __add__(self, other: "Moments") -> "Moments":
        return Moments([a + b for a, b in zip(self.sums, other.sums, strict=True)])

    @property
    def r(self) -> float:
        """Pearson correlation."""
        n, x, y, xx, yy, xy, _ = self.sums
        spread = (xx - x * x / n) * (yy - y * y / n)
        return float((xy - x * y / n) / np.sqrt(spread)) if spread > 0.0 else float("nan")

    @property
    def perfect_r(self) -> float:
        """What a method without error would show, as Monte Carlo is noisy itself."""
        n, _, y, _, yy, _, noise = self.sums
        variance = yy - y * y / n
        return float(np.sqrt(max(0.0, 1.0 - noise / variance))) if variance > 0.0 else float("nan")


@dataclass(frozen=True)
class TissueError:
    """
    Errors in one kind of voxels.

    Attributes
    ----------
    voxels : int
    mean_percent : dict of str to float
        By method: sum of the doses less that of Monte Carlo, relative to it.
    excess_percent : dict of str to float
        By method: root mean square error above what Monte Carlo's noise makes, relative to the root
        mean square dose.
    noise_percent : float
        Root mean square noise of Monte Carlo, on the same scale.
    """

    voxels: int
    mean_percent: dict[str, float]
    excess_percent: dict[str, float]
    noise_percent: float


@dataclass(frozen=True)
class Evaluation:
    """
    One dataset.

    Attributes
    ----------
    patient : str
    cycle : int
    organs : list of OrganRecord
    all_doses, low_doses : dict of str to Moments
        Over all voxels with a dose, and those below 5 Gy, by method.
    tissues : dict of str to TissueError
    bounded_percent : float
        Voxels where the network's correction was cut.
    """

    patient: str
    cycle: int
    organs: list[OrganRecord]
    all_doses: dict[str, Moments]
    low_doses: dict[str, Moments]
    tissues: dict[str, TissueError] = field(default_factory=dict)
    bounded_percent: float = 0.0


def evaluate(
    dataset: Dataset, model: Model, log: Log, device: str = "cpu"
) -> tuple[Evaluation, dict[str, Array]]:
    """
    Calculate a dataset by every method and compare with its Monte Carlo.

    Returns
    -------
    Evaluation, dict of str to ndarray
        And the doses by method [Gy], Monte Carlo not among them.
    """
    problem = dataset.problem(device)
    doses, bounded = _doses(problem, model, log)
    reported, reference, error = dataset.reported, dataset.dose, dataset.standard_error
    low = reported & (reference < LOW_DOSE_GY)

    def moments(where: Mask) -> dict[str, Moments]:
        return {m: Moments.of(d[where], reference[where], error[where]) for m, d in doses.items()}

    organs = []
    for name, voi in dataset.vois.items():
        counted = voi & reported
        organs.append(
            OrganRecord(
                name,
                mean_dose(reference, dataset.density, counted),
                dataset.organ_standard_error_Gy[name],
                float(voi.sum()) * dataset.grid.voxel_volume_mL,
                {m: mean_dose(d, dataset.density, counted) for m, d in doses.items()},
            )
        )
    found = Evaluation(
        dataset.patient,
        dataset.cycle,
        organs,
        moments(reported),
        moments(low),
        {
            name: _tissue_error(doses, reference, error, where)
            for name, where in tissues(dataset, doses["multi-vsv"]).items()
            if where.any()
        },
        100.0 * bounded,
    )
    return found, doses


def _doses(problem: DoseProblem, model: Model, log: Log) -> tuple[dict[str, Array], float]:
    corrected = corrected_dose(problem, model, log.part(0.6))
    doses = {
        "local": local_dose(problem, log.part(0.1)).dose,
        "single-vsv": single_vsv_dose(problem, log.part(0.1)).dose,
        "multi-vsv": multi_vsv_dose(problem, log.part(0.1)).dose,
        "split-vsv": split_vsv_dose(problem, log.part(0.1)).dose,
        "photon-transport": corrected.uncorrected,
        "unet": corrected.dose,
    }
    return doses, corrected.bounded


def tissues(dataset: Dataset, dose: Array) -> dict[str, Mask]:
    """
    Kinds of voxels, by density and by what lies near; those of little dose left out.

    "lung border" is what lies within two voxels of the border between lung and other tissue, on
    either side; lung and the others do without it. The dose is one without noise: chosen by the
    Monte Carlo dose itself, voxels would be those where it came out too high.
    """
    density = dataset.density
    shown = dataset.reported & (dose > _SHOWN_ABOVE * dose[dataset.reported].max())
    lung = dataset.reported & (density >= _LUNG_G_CM3[0]) & (density < _LUNG_G_CM3[1])
    lung = ndimage.binary_opening(lung)  # partial volume at the skin is no lung
    solid = dataset.reported & ~lung
    border = ndimage.binary_dilation(lung, iterations=_BORDER_VOXELS) & solid
    border |= ndimage.binary_dilation(solid, iterations=_BORDER_VOXELS) & lung
    bone = density > _BONE_G_CM3
    fat = (density >= _FAT_G_CM3[0]) & (density < _FAT_G_CM3[1])
    return {
        "soft tissue": shown & ~bone & ~fat & ~lung & ~border,
        "fat": shown & fat & ~border & ~lung,
        "bone": shown & bone & ~border,
        "lung border": shown & border,
        "lung": shown & lung & ~border,
    }


def with_lung_liver_border(dataset: Dataset) -> Dataset:
    """The dataset with the part of the liver that lies at the lungs as a further volume, to look at."""
    vois = dataset.vois
    if not {"liver", "lungs"} <= set(vois):
        return dataset
    near = ndimage.binary_dilation(vois["lungs"], iterations=_BORDER_VOXELS)
    border = vois["liver"] & near & dataset.reported
    errors = {**dataset.organ_standard_error_Gy, LUNG_LIVER_BORDER: 0.0}
    return replace(
        dataset, vois={**vois, LUNG_LIVER_BORDER: border}, organ_standard_error_Gy=errors
    )


def _tissue_error(
    doses: Mapping[str, Array], reference: Array, error: Array, where: Mask
) -> TissueError:
    expected = reference[where].astype(np.float64)
    noise = float((error[where].astype(np.float64) ** 2).mean())
    size = float((expected**2).mean())
    mean, excess = {}, {}
    for method, dose in doses.items():
        apart = dose[where] - expected
        mean[method] = 100.0 * float(apart.sum() / expected.sum())
        excess[method] = 100.0 * float(np.sqrt(max(0.0, (apart**2).mean() - noise) / size))
    return TissueError(int(where.sum()), mean, excess, 100.0 * float(np.sqrt(noise / size)))
