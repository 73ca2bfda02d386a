"""Volumes of any size, whole and by tiles, by ONNX Runtime and by torch: one residual."""

from math import prod

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.dose.residual import inference
from LuDosimetryLib.dose.residual.channels import LINEAR_CHANNELS, TISSUE_CHANNELS
from LuDosimetryLib.dose.residual.inference import reach, residual_of, tiles_of
from LuDosimetryLib.dose.residual.model import CARD, read_model
from LuDosimetryLib.dose.residual.network import LinearNetwork, PaperNetwork
from LuDosimetryLib.dose.residual.onnx_network import OnnxNetwork
from LuDosimetryLib.dose.residual.torch_network import TorchNetwork, module_of
from LuDosimetryLib.lab.training.model_folder import SAME

from ...support.small_patients import model_with

NETWORKS = {
    "linear": lambda levels: LinearNetwork(maps=3, activity_maps=3, levels=levels),
    "paper": lambda levels: PaperNetwork(maps=3, levels=levels),
}
SIZES = {
    "linear": lambda levels: {"maps": 3, "activity_maps": 3, "levels": levels},
    "paper": lambda levels: {"maps": 3, "levels": levels},
}
both = pytest.mark.parametrize("name", list(NETWORKS))
WHOLE = np.inf


def volume(shape, seed=2):
    rng = np.random.default_rng(seed)
    tissue = rng.random((TISSUE_CHANNELS, *shape), np.float32)
    return tissue, rng.random((LINEAR_CHANNELS, *shape), np.float32) ** 3


def both_ways(name, levels, lively):
    module = lively(NETWORKS[name](levels))
    model = model_with(module, architecture=name, size=SIZES[name](levels))
    return OnnxNetwork(model), TorchNetwork(module, "cpu")


@pytest.mark.slow
@both
@pytest.mark.parametrize(
    ("shape", "most", "levels"),
    [
        ((33, 18, 17), 9_000, 2),
        ((33, 30, 37), 27_000, 2),
        ((5, 3, 150), 1, 3),
        ((3, 90, 2), 500, 3),
        ((50, 3, 2), 1, 2),
        ((9, 11, 13), 1, 1),
        ((1, 1, 1), 1, 3),
        ((1, 21, 3), 1, 3),
        ((2, 3, 150), 1, 4),
    ],
)
def test_tiles_and_whole_and_both_engines_give_one_residual(name, shape, most, levels, lively):
    fields = volume(shape)
    found = {
        (type(network).__name__, limit): residual_of(network, *fields, Log(), limit)[0]
        for network in both_ways(name, levels, lively)
        for limit in (WHOLE, most)
    }
    assert (len(tiles_of(shape, levels, most)) > 1) == (prod(shape) > 100)
    reference = found["TorchNetwork", WHOLE]
    assert reference.shape == shape
    assert np.isfinite(reference).all()
    assert np.abs(reference).max() > 0.0
    for residual in found.values():
        assert np.abs(residual - reference).max() <= SAME * np.abs(reference).max()


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(40, 120, 32), (29, 31, 150)])
def test_the_shipped_network_too(shape):
    resource(*CARD)
    model = read_model()
    fields = volume(shape)
    networks = (TorchNetwork(module_of(model), "cpu"), OnnxNetwork(model))
    reference, *others = (
        residual_of(network, *fields, Log(), most)[0]
        for network in networks
        for most in (WHOLE, 2e5)
    )
    for residual in others:
        assert np.abs(residual - reference).max() <= SAME * np.abs(reference).max()


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("most", [1, 40_000, 2_000_000, WHOLE])
@pytest.mark.parametrize("shape", [(1, 1, 1), (33, 120, 61), (200, 3, 5), (128, 128, 128)])
def test_the_tiles_give_every_voxel_once(shape, most, depth):
    tiles = tiles_of(shape, depth, most)
    given = np.zeros(shape, int)
    step = 2 ** (depth - 1)
    smallest = 3 * (reach(depth) + step)
    for tile in tiles:
        given[tile.given] += 1
        for g, s, n in zip(tile.given, tile.seen, shape, strict=True):
            # as much about it as the network sees, or all there is
            assert s.start == 0 or g.start - s.start >= reach(depth)
            assert s.stop == n or s.stop - g.stop >= reach(depth)
            # it lies as the whole does in the network's halvings
            assert s.start % step == 0
        seen = prod(s.stop - s.start for s in tile.seen)
        assert seen <= max(most, prod(min(n, smallest) for n in shape))
    assert (given == 1).all()
    if prod(shape) <= most:
        assert len(tiles) == 1


def test_256_voxels_a_side_are_eight_tiles():
    """What a run sees at most at once; more tiles would calculate more voxels twice."""
    tiles = tiles_of((256, 256, 256), 3, 4e6)
    assert len(tiles) == 8
    assert sum(prod(s.stop - s.start for s in tile.seen) for tile in tiles) < 1.85 * 256**3


def test_tiles_that_saw_too_little_would_differ(lively, monkeypatch):
    network, _ = both_ways("linear", 3, lively)
    fields = volume((4, 4, 80))
    whole, _ = residual_of(network, *fields, Log())
    monkeypatch.setattr(inference, "reach", lambda depth: 1)
    tiled, tiles = residual_of(network, *fields, Log(), 1)
    assert tiles == 20  # as small as what they see about them
    assert np.abs(tiled - whole).max() > 1e-3 * np.abs(whole).max()


@both
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_reach_is_what_the_network_sees(name, levels, lively):
    """A voxel is changed, at every place relative to the pooling, and the change looked for."""
    module = lively(NETWORKS[name](levels)).double()
    step, border = 2 ** (levels - 1), reach(levels) + 3
    length = step * ((2 * border + 9) // step)
    fields = [torch.from_numpy(f).double()[None] for f in volume((step, step, length))]

    def residual(fields):
        with torch.no_grad():
            return module(*fields)[0, 0]

    before = residual(fields)
    farthest = 0
    for at in range(border, border + step):
        for channels in (0, 1):
            for change in (50.0, -50.0):
                changed = [field.clone() for field in fields]
                changed[channels][..., at] += change
                (where,) = np.nonzero((residual(changed) != before).any(0).any(0).numpy())
                farthest = max(farthest, int(np.abs(where - at).max()))
    # the paper's network has no steered convolution at the finest level
    assert farthest == reach(levels) - (name == "paper")


def test_a_whole_volume_costs_little_more_than_its_voxels(lively):
    """The padding is that of the pooling, not of the network's reach."""
    seen = []
    _, network = both_ways("linear", 3, lively)

    def note(tissue, linear, still):
        seen.append(tissue.shape)
        return network(tissue, linear, still)

    note.depth = 3
    residual_of(note, *volume((15, 16, 17)), Log())
    assert max(seen[0][2:]) <= 17 + 3 * 4


def test_progress_rises_from_tile_to_tile_and_can_cancel(lively):
    fields = volume((2, 3, 90))
    for network in both_ways("linear", 2, lively):
        fractions = []
        log = Log(lambda fraction, text, fractions=fractions: fractions.append(fraction))
        _, tiles = residual_of(network, *fields, log, 250)
        assert tiles > 2
        assert fractions == sorted(fractions)
        assert len(set(fractions)) == tiles

        def stop(fraction, text):
            if fraction > 0.4:
                raise Cancelled

        with pytest.raises(Cancelled):
            residual_of(network, *fields, Log(stop), 250)
