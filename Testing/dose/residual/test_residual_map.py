"""Out of memory on a device: smaller tiles, then the CPU; the residual stays the same."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.dose.residual import residual_map as residual_map_module
from LuDosimetryLib.dose.residual import torch_network
from LuDosimetryLib.dose.residual.channels import Channels
from LuDosimetryLib.dose.residual.model import CARD
from LuDosimetryLib.dose.residual.network import LinearNetwork
from LuDosimetryLib.dose.residual.residual_map import residual_map
from LuDosimetryLib.dose.residual.torch_network import module_of
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.lab.training.model_folder import SAME
from LuDosimetryLib.tissue.nuclide import read_nuclide

from ...support.small_patients import SMALL, model_with

ROOT = Path(__file__).parents[3]
DEVICE = "device:0"
SMALL_TILES = (20_000, 700, 450)
"""For a network of two levels and a problem of 210 voxels in a row."""


@pytest.fixture
def model(lively):
    return model_with(lively(LinearNetwork(**SMALL)))


@pytest.fixture
def problem():
    """Long enough for several tiles."""
    shape = (2, 3, 210)
    rng = np.random.default_rng(2)
    rho = rng.uniform(0.9, 1.3, shape).astype(np.float32)
    tia = rng.uniform(1.0, 9.0, shape).astype(np.float32)
    return DoseProblem(Grid.axial(shape, (3.87,) * 3), tia, rho, rho > 0.05, read_nuclide("Lu-177"))


@pytest.fixture
def channels(problem):
    return Channels.of(problem, Log())


class Limited(torch.nn.Module):
    """A module of torch on a device whose memory suffices for so many voxels."""

    def __init__(self, module, voxels, error):
        super().__init__()
        self.module, self.voxels, self.error, self.depth = module, voxels, error, module.depth

    def to(self, device):
        return self

    def forward(self, tissue, linear):
        if tissue[0, 0].numel() > self.voxels:
            raise self.error
        return self.module(tissue, linear)


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    RuntimeError("CUDA error: out of memory"),
    MemoryError(),
]


@pytest.fixture
def on_device(monkeypatch):
    """Function that lets a device have memory for so many voxels, and then raise an error."""

    def of(voxels, error):
        monkeypatch.setattr(residual_map_module, "_TILES", SMALL_TILES)
        monkeypatch.setattr(
            torch_network, "module_of", lambda model: Limited(module_of(model), voxels, error)
        )
        # the tensors stay where they are: this device is one by its memory alone
        moved = torch.Tensor.to
        monkeypatch.setattr(
            torch.Tensor,
            "to",
            lambda tensor, *a, **k: tensor if a == (DEVICE,) else moved(tensor, *a, **k),
        )

    return of


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    ("voxels", "place", "remarks"),
    [
        (10**9, DEVICE, []),
        (
            9_000,
            f"{DEVICE} in 3 tiles",
            [
                (DEVICE, f"{DEVICE} in tiles of 0.02 million voxels"),
                (
                    f"{DEVICE} in tiles of 0.02 million voxels",
                    f"{DEVICE} in tiles of 0.0007 million voxels",
                ),
            ],
        ),
        (
            0,
            "cpu",
            [
                (DEVICE, f"{DEVICE} in tiles of 0.02 million voxels"),
                (
                    f"{DEVICE} in tiles of 0.02 million voxels",
                    f"{DEVICE} in tiles of 0.0007 million voxels",
                ),
                (f"{DEVICE} in tiles of 0.0007 million voxels", "cpu"),
            ],
        ),
    ],
)
def test_out_of_memory_on_a_device(
    model, problem, channels, on_device, error, voxels, place, remarks
):
    expected, how = residual_map(model, channels, problem, Log())
    assert how == "cpu"
    on_device(voxels, error)
    log = Log()
    found, how = residual_map(model, channels, replace(problem, device=DEVICE), log)
    assert how == place
    assert np.abs(found - expected).max() <= SAME * np.abs(expected).max()
    assert log.remarks == [
        f"the residual network ran out of memory on {before} and was calculated on {after} instead; the dose is the same."
        for before, after in remarks
    ]


def test_another_error_is_none_of_memory(model, problem, channels, on_device):
    on_device(0, RuntimeError("shapes do not match"))
    log = Log()
    with pytest.raises(RuntimeError, match="shapes do not match"):
        residual_map(model, channels, replace(problem, device=DEVICE), log)
    assert log.remarks == []


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited as on Linux")
@pytest.mark.parametrize(
    ("left_MB", "tiles"), [(1500, 1), (320, 4), (60, 0)], ids=["whole", "tiles", "nothing"]
)
def test_out_of_memory_on_the_cpu(left_MB, tiles):
    """The process is left so much of the address space, and the network a volume of 40 x 40 x 500."""
    resource(*CARD)
    code = f"""
import resource, sys
import numpy as np
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.dose.residual.channels import Channels
from LuDosimetryLib.dose.residual.model import read_model
from LuDosimetryLib.dose.residual import residual_map as residual_map_module
from LuDosimetryLib.dose.residual.residual_map import residual_map
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.tissue.nuclide import read_nuclide

residual_map_module._TILES = (4e6, 3e5)
shape = (40, 40, 500)
rng = np.random.default_rng(1)
tissue, linear = rng.random((2, *shape), np.float32), rng.random((3, *shape), np.float32)
problem = DoseProblem(
    Grid.axial(shape, (3.87,) * 3), linear[0], tissue[0], tissue[0] >= 0, read_nuclide("Lu-177")
)
model, log = read_model(), Log()
def calculated():
    return residual_map(model, Channels(tissue, linear), problem, log)
expected, how = calculated()
assert how == "cpu", how
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + {left_MB} * 1_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    found, how = calculated()
except MemoryError:
    print("nothing")
else:
    print(how)
    assert np.abs(found - expected).max() <= 2e-5 * np.abs(expected).max()
print(*log.remarks, sep="\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        # so that what is freed can be had again, whatever its size
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "500000", "MALLOC_ARENA_MAX": "1"},
    )
    assert done.returncode == 0, done.stderr
    how, *remarks = done.stdout.splitlines()
    assert how == {0: "nothing", 1: "cpu"}.get(tiles, f"cpu in {tiles} tiles")
    assert len([text for text in remarks if text]) == {1: 0, 4: 1, 0: 1}[tiles]


def test_cancelling_does_not_wait_for_the_whole_network(model, problem, channels, on_device):
    on_device(10**9, None)
    messages = []
    there = replace(problem, device=DEVICE)
    residual_map(model, channels, there, Log(lambda fraction, text: messages.append(text)))
    assert len(messages) > 20  # after each layer

    def stop(fraction, text):
        raise Cancelled

    for device in (DEVICE, "cpu"):
        with pytest.raises(Cancelled):
            residual_map(model, channels, replace(problem, device=device), Log(stop))
    # and leaves nothing behind in the network
    again = []
    residual_map(model, channels, there, Log(lambda fraction, text: again.append(text)))
    assert again == messages
