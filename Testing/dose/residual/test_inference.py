"""Volumes of any size, whole and by tiles."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from LuDosimetryLib.dose.residual import inference
from LuDosimetryLib.dose.residual.channels import LINEAR_CHANNELS, TISSUE_CHANNELS
from LuDosimetryLib.dose.residual.inference import reach, residual_of, tiled_residual_of
from LuDosimetryLib.dose.residual.network import LinearNetwork, PaperNetwork

NETWORKS = {
    "linear": lambda levels: LinearNetwork(maps=3, activity_maps=3, levels=levels),
    "paper": lambda levels: PaperNetwork(maps=3, levels=levels),
}
both = pytest.mark.parametrize("name", list(NETWORKS))


def volume(shape, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.rand((1, TISSUE_CHANNELS, *shape), generator=generator),
        torch.rand((1, LINEAR_CHANNELS, *shape), generator=generator) ** 3,
    )


def joined(network, fields, tile):
    """The tiles as one volume; each voxel given once."""
    found = torch.full((1, 1, *fields[0].shape[2:]), float("nan"))
    for box, part in tiled_residual_of(network, *fields, "cpu", tile):
        place = (slice(None), slice(None), *box)
        assert found[place].isnan().all()
        found[place] = part
    assert not found.isnan().any()
    return found


@both
@pytest.mark.parametrize(
    ("shape", "tile", "levels"),
    [
        ((33, 18, 17), 12, 2),
        ((5, 3, 99), 32, 3),
        ((3, 50, 2), 21, 3),
        ((50, 3, 2), 1, 2),
        ((1, 1, 1), 8, 3),
        ((1, 21, 3), 4, 3),
        ((2, 3, 5), 96, 4),
    ],
)
def test_tiles_give_what_the_whole_gives(name, shape, tile, levels, lively):
    network = lively(NETWORKS[name](levels))
    fields = volume(shape)
    whole = residual_of(network, *fields, "cpu")
    assert whole.shape == (1, 1, *shape)
    assert torch.isfinite(whole).all()
    apart = (joined(network, fields, tile) - whole).abs().max()
    assert apart <= 3e-6 * whole.abs().max()


def test_tiles_that_saw_too_little_would_differ(lively, monkeypatch):
    network = lively(NETWORKS["linear"](3))
    fields = volume((4, 4, 80))
    whole = residual_of(network, *fields, "cpu")
    monkeypatch.setattr(inference, "reach", lambda levels: 1)
    assert (joined(network, fields, 16) - whole).abs().max() > 1e-3 * whole.abs().max()


@both
@pytest.mark.parametrize("levels", [1, 3])
def test_reach_is_what_the_network_sees_at_most(name, levels, lively):
    """A voxel is changed, at every place relative to the pooling, and the change looked for."""
    network = lively(NETWORKS[name](levels)).double()
    length, middle = 2 * reach(levels) + 9, reach(levels) + 3
    fields = [field.double() for field in volume((2, 2, length))]
    before = residual_of(network, *fields, "cpu")[0, 0]
    farthest = 0
    for at in range(middle, middle + 2 ** (levels - 1)):
        for channels in (0, 1):
            for change in (50.0, -50.0):
                changed = [field.clone() for field in fields]
                changed[channels][..., at] += change
                after = residual_of(network, *changed, "cpu")[0, 0]
                (where,) = np.nonzero((after != before).any(0).any(0).numpy())
                farthest = max(farthest, int(np.abs(where - at).max()))
    assert 0.5 * reach(levels) <= farthest <= reach(levels)


def test_a_whole_volume_costs_little_more_than_its_voxels(lively):
    """The padding is that of the pooling, not of the network's reach."""
    seen = []
    network = lively(NETWORKS["linear"](3))
    network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape))
    residual_of(network, *volume((15, 16, 17)), "cpu")
    assert max(seen[0][2:]) <= 17 + 3 * 4
