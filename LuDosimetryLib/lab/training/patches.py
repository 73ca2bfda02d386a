"""Training samples: channels, target and weight of a dataset, and random patches of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...base.log import Log
from ...dose.photon_transport.method import photon_dose
from ...dose.residual.channels import AT_TARGET, Channels, box_of
from ...image.arrays import Array, Mask
from .dataset import Dataset

PATCH = 64
"""Voxels along each side of a patch, as in Kim et al. 2022."""
MARGIN = 8
"""Voxels along a patch's border that do not count: the network sees too little about them."""

_TOLERANCE = 0.01
"""Relative error of the dose that is as good as none."""
_FEWEST = 0.05
"""Part of a patch's voxels that must have a dose."""
_TRIES = 20


@dataclass(frozen=True)
class Sample:
    """
    One dataset as the network learns from it, in units of its own mean dose.

    Attributes
    ----------
    name : str
    tissue, linear : ndarray of float32, shape (channels, k, j, i)
    target : ndarray of float32, shape (k, j, i)
        Monte Carlo less photons by transport and electrons by the medium of the target.
    weight : ndarray of float32, shape (k, j, i)
        One over the variance of the target's noise, 0 where no dose is reported.
    noise : float
        Squared loss that the target's noise alone would leave to a perfect dose.
    """

    name: str
    tissue: NDArray[np.float32]
    linear: NDArray[np.float32]
    target: Array
    weight: Array
    noise: float

    @classmethod
    def of(cls, dataset: Dataset, log: Log) -> "Sample":
        """The sample of a dataset."""
        problem = dataset.problem()
        channels = Channels.of(problem, log.part(0.3))
        photons = photon_dose(problem, log.part(0.7))
        box = box_of(dataset.reported)
        counted = dataset.reported[box]
        linear = np.ascontiguousarray(channels.linear[(slice(None), *box)])
        scale = np.float32(1.0 / linear[AT_TARGET][counted].mean())
        linear *= scale
        target = (dataset.dose - photons)[box] * scale - linear[AT_TARGET]
        expected = linear[AT_TARGET] + photons[box] * scale
        error = dataset.standard_error[box] * scale
        variance = noise_variance(expected, dataset.density[box], error, counted)
        variance += np.float32(_TOLERANCE**2) * expected**2
        weight = np.zeros_like(variance)
        weight[counted] = 1.0 / np.maximum(variance[counted], np.float32(1e-12))
        return cls(
            dataset.name,
            np.ascontiguousarray(channels.tissue[(slice(None), *box)]),
            linear,
            np.where(counted, target, np.float32(0.0)),
            weight,
            float((weight[counted] * error[counted] ** 2).mean()),
        )

    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Tissue, linear channels, target and weight, each with a batch axis in front."""
        target, weight = self.target[None], self.weight[None]
        return (
            torch.from_numpy(self.tissue)[None],
            torch.from_numpy(self.linear)[None],
            torch.from_numpy(target)[None],
            torch.from_numpy(weight)[None],
        )


def samples_of(datasets: Sequence[Dataset], log: Log) -> dict[str, Sample]:
    """The samples of datasets, by name."""
    samples = {}
    for dataset in datasets:
        part = log.part(1.0 / len(datasets), f"preparing {dataset.name}")
        samples[dataset.name] = Sample.of(dataset, part)
    return samples


def noise_variance(dose: Array, density: Array, standard_error: Array, counted: Mask) -> Array:
    """
    Variance of a Monte Carlo's voxel doses, smooth.

    Every deposit brings about the same energy, so that the variance goes with the dose over the
    voxel's mass; the factor is that of the stated standard errors. Those themselves come from few
    batches and go along with the voxel's own fluctuation: as weights they would favour low doses.
    """
    expected = dose / np.maximum(density, np.float32(0.05))
    factor = float((standard_error[counted] ** 2).sum() / max(expected[counted].sum(), 1e-30))
    return np.asarray(np.float32(factor) * expected, np.float32)


class Patches:
    """
    Random patches, turned and mirrored at random.

    Parameters
    ----------
    samples : sequence of Sample
    rng : numpy Generator
    """

    def __init__(self, samples: Sequence[Sample], rng: np.random.Generator) -> None:
        self._samples = [_padded(sample) for sample in samples]
        self._rng = rng

    def draw(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Tissue, linear channels, target and weight of one patch, each with a batch axis."""
        fields = self._samples[int(self._rng.integers(len(self._samples)))]
        for _ in range(_TRIES):
            corner = [int(self._rng.integers(n - PATCH + 1)) for n in fields[0].shape[1:]]
            box = tuple(slice(c, c + PATCH) for c in corner)
            weight = fields[3][(slice(None), *box)]
            if np.count_nonzero(weight) > _FEWEST * weight.size:
                break
        patch = [field[(slice(None), *box)] for field in fields]
        inner = np.zeros((PATCH,) * 3, np.float32)
        inner[(slice(MARGIN, -MARGIN),) * 3] = 1.0
        patch[3] = patch[3] * inner
        axes = self._rng.permutation(3)
        flips = [int(a) + 1 for a in np.flatnonzero(self._rng.integers(0, 2, 3))]
        turned = [
            np.ascontiguousarray(np.flip(field.transpose(0, *(axes + 1)), tuple(flips)))
            for field in patch
        ]
        tissue, linear, target, weight = (torch.from_numpy(field)[None] for field in turned)
        return tissue, linear, target, weight


def _padded(sample: Sample) -> list[NDArray[np.float32]]:
    """A sample's fields with `MARGIN` more voxels about them, at least a patch along each side."""
    fields = [sample.tissue, sample.linear, sample.target[None], sample.weight[None]]
    more = []
    for n in sample.target.shape:
        missing = max(2 * MARGIN, PATCH - n)
        more.append((missing // 2, missing - missing // 2))
    return [np.pad(field, ((0, 0), *more)) for field in fields]
