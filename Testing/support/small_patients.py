"""Patients of a few thousand voxels with a dose like that of a Monte Carlo, and small networks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.photon_transport.method import photon_transport_dose
from LuDosimetryLib.dose.residual.model import Model, ModelCard, kernels_sha256
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.lab.training.dataset import Dataset

VOXEL_MM = 3.87
RELATIVE_NOISE = 0.03
SMALL = {"maps": 2, "activity_maps": 3, "levels": 2}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """And the same first weights every time."""
    if find_spec("torch") is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    yield
    torch.set_num_threads(before)


def card_with(**changes: Any) -> ModelCard:
    """The card of a small network for these patients."""
    return ModelCard(
        **{
            "name": "test",
            "weights": "residual.onnx",
            "sha256": "",
            "architecture": "linear",
            "size": SMALL,
            "voxel_mm": VOXEL_MM,
            "bounds": (0.75, 1.3),
            "nuclide": "Lu-177",
            "media": 20,
            "kernels_sha256": kernels_sha256("Lu-177"),
            **changes,
        }
    )


def model_with(network: Any, **changes: Any) -> Model:
    """The model of a network of torch, in memory."""
    from LuDosimetryLib.lab.training.model_folder import model_of

    return model_of(network, card_with(**changes))


@lru_cache
def _truth(seed: int, shape: tuple[int, int, int]) -> tuple[Dataset, np.ndarray]:
    """A trunk with lung and bone, and the dose by photon transport as the true one."""
    rng = np.random.default_rng(seed)
    grid = Grid.axial(shape, (VOXEL_MM,) * 3)
    k, j, i = np.ogrid[tuple(slice(-1.0, 1.0, n * 1j) for n in shape)]
    everywhere = np.ones(shape, bool)
    body = ((j**2 + i**2) < 0.9) & everywhere
    lung = body & (k > 0.1) & (i < -0.1) & ((j**2 + i**2) < 0.6)
    bone = body & ((j - 0.55) ** 2 + (i - 0.1) ** 2 < 0.08)
    density = np.where(body, 1.04, 0.0012) + 0.01 * body * rng.standard_normal(shape)
    density[lung], density[bone] = 0.28, 1.35
    vois = {
        "left kidney": body & ((k + 0.5) ** 2 + (j - 0.1) ** 2 + (i - 0.4) ** 2 < 0.12),
        "spleen": body & ((k + 0.4) ** 2 + (j + 0.2) ** 2 + (i + 0.5) ** 2 < 0.12),
        "lumbar marrow": bone & (k < 0.2),
    }
    tia = np.where(body, rng.uniform(1.0, 3.0, shape), 0.0)
    tia[vois["left kidney"]] = rng.uniform(40, 80)
    tia[vois["spleen"]] = rng.uniform(40, 80)
    tia[lung] = 0.5
    nothing = np.zeros(shape, np.float32)
    dataset = Dataset(
        "",
        1,
        grid,
        tia.astype(np.float32),
        density.astype(np.float32),
        body,
        nothing,
        nothing,
        vois,
        {},
        "Lu-177",
        {"engine": "none", "decays": 1, "seed": seed},
    )
    return dataset, photon_transport_dose(dataset.problem(), Log()).dose


def _dataset(
    patient: str = "patient1",
    cycle: int = 1,
    seed: int = 1,
    shape: tuple[int, int, int] = (22, 20, 24),
    change: Callable[[Dataset, np.ndarray], np.ndarray] | None = None,
) -> Dataset:
    form, truth = _truth(seed, shape)
    dose = truth if change is None else change(form, truth)
    rng = np.random.default_rng([seed, cycle])
    # as deposits of one energy: the variance goes with the dose over the mass
    per_mass = truth / np.maximum(form.density, np.float32(0.05))
    error = RELATIVE_NOISE * np.sqrt(per_mass * float(np.mean(truth[form.reported])))
    error = (error * form.reported).astype(np.float32)
    noisy = (dose + error * rng.standard_normal(shape)).astype(np.float32)
    errors = {}
    for name, voi in form.vois.items():
        mass = form.density[voi].astype(float)
        errors[name] = float(np.sqrt(((mass * error[voi]) ** 2).sum()) / mass.sum())
    form = replace(
        form, tia=form.tia.copy(), density=form.density.copy(), reported=form.reported.copy()
    )
    fields = {**vars(form), "patient": patient, "cycle": cycle, "dose": noisy}
    return Dataset(**{**fields, "standard_error": error, "organ_standard_error_Gy": errors})


@pytest.fixture
def dataset_of() -> Callable[..., Dataset]:
    """
    Function that makes a small dataset; the true dose is the split-VSV dose.

    Its parameters: patient, cycle (other noise), seed (another patient), shape, and `change`, a
    function of the dataset and that dose that gives another true dose.
    """
    return _dataset


@pytest.fixture
def lively() -> Callable[[Any], Any]:
    """Function that gives every weight and every statistic of a network a part in its output."""

    def of(network: Any, seed: int = 1) -> Any:
        import torch

        generator = torch.Generator().manual_seed(seed)

        def normal(like: Any) -> Any:
            return torch.randn(like.shape, generator=generator)

        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.15 * normal(parameter))
            for module in network.modules():
                if isinstance(module, torch.nn.BatchNorm3d):
                    module.running_mean += 0.2 * normal(module.running_mean)
                    module.running_var *= torch.exp(0.3 * normal(module.running_var))
        return network.eval()

    return of


@pytest.fixture
def small_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches of 16 voxels a side."""
    from LuDosimetryLib.lab.training import patches

    monkeypatch.setattr(patches, "PATCH", 16)
    monkeypatch.setattr(patches, "MARGIN", 2)
