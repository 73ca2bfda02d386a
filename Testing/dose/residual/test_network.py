"""Linearity in activity, and the structure of the paper's network."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from LuDosimetryLib.dose.residual.channels import (
    AT_TARGET,
    FROM_SOURCE,
    LINEAR_CHANNELS,
    TISSUE_CHANNELS,
)
from LuDosimetryLib.dose.residual.network import LinearNetwork, PaperNetwork, source_less_target

SHAPE = (12, 16, 20)


@pytest.fixture
def patient():
    generator = torch.Generator().manual_seed(3)
    tissue = torch.rand((1, TISSUE_CHANNELS, *SHAPE), generator=generator)
    one, other = (
        torch.rand((1, LINEAR_CHANNELS, *SHAPE), generator=generator) ** 4 for _ in range(2)
    )
    return tissue, one, other


def test_twice_the_activity_is_twice_the_residual_bit_for_bit(patient, lively):
    network = lively(LinearNetwork())
    tissue, linear, _ = patient
    with torch.no_grad():
        once = network(tissue, linear)
        for factor in (2.0, 0.5, 1024.0, -1.0):
            assert torch.equal(network(tissue, factor * linear), factor * once)
    # it does something, and everywhere
    assert (once - source_less_target(linear)).abs().min() > 0.0


def test_the_residual_of_two_activities_is_the_sum_of_theirs(patient, lively):
    network = lively(LinearNetwork())
    tissue, one, other = patient
    with torch.no_grad():
        both = network(tissue, one + 0.3 * other)
        summed = network(tissue, one) + 0.3 * network(tissue, other)
    assert (both - summed).abs().max() < 2e-6 * summed.abs().max()


def test_no_activity_no_residual(patient, lively):
    tissue, linear, _ = patient
    with torch.no_grad():
        assert not lively(LinearNetwork())(tissue, 0.0 * linear).any()


def test_untrained_the_corrected_dose_is_that_by_the_source(patient):
    tissue, linear, _ = patient
    doses = linear[0].double().numpy()
    with torch.no_grad():
        residual = LinearNetwork().eval()(tissue, linear)[0, 0].double().numpy()
        assert not PaperNetwork().eval()(tissue, linear).any()
    np.testing.assert_allclose(residual, doses[FROM_SOURCE] - doses[AT_TARGET], atol=1e-6)


def test_tissue_steers_the_linear_network(patient, lively):
    network = lively(LinearNetwork())
    tissue, linear, _ = patient
    with torch.no_grad():
        apart = network(1.5 * tissue, linear) - network(tissue, linear)
    assert apart.abs().mean() > 1e-3 * linear.mean()


def kernels(modules):
    return [
        (m.in_channels, m.out_channels, m.kernel_size) for m in modules if isinstance(m, nn.Conv3d)
    ]


@pytest.mark.parametrize("levels", [3, 4])
def test_the_paper_s_network_has_the_paper_s_structure(levels):
    """Kim et al. 2022: two 3x3x3 convolutions with normalisation and ReLU a level, and so on."""
    network = PaperNetwork(maps=16, levels=levels)
    widths = [16 * 2**level for level in range(levels)]
    assert network.unet.widths == widths
    cube = (3, 3, 3)
    below = TISSUE_CHANNELS + LINEAR_CHANNELS
    for block, width in zip(network.unet.down, widths, strict=True):
        assert kernels(block) == [(below, width, cube), (width, width, cube)]
        assert [type(m) for m in block] == 2 * [nn.Conv3d, nn.BatchNorm3d, nn.ReLU]
        below = width
    for rise, block, width in zip(network.unet.rise, network.unet.up, widths[:-1], strict=True):
        assert kernels([rise]) == [(2 * width, width, cube)]
        assert kernels(block) == [(2 * width, width, cube), (width, width, cube)]
    assert kernels([network.out]) == [(16, 1, (1, 1, 1))]
    assert network.depth == levels


def test_the_paper_s_network_halves_and_doubles_the_sides(patient):
    tissue, linear, _ = patient
    network = PaperNetwork(maps=2, levels=3).eval()
    sides: dict[nn.Module, tuple[int, ...]] = {}
    for block in (*network.unet.down, *network.unet.rise, *network.unet.up):
        block.register_forward_hook(
            lambda module, inputs, output: sides.update({module: tuple(output.shape[1:])})
        )
    with torch.no_grad():
        assert network(tissue, linear).shape == (1, 1, *SHAPE)

    def halved(times):
        return tuple(n >> times for n in SHAPE)

    assert [sides[block] for block in network.unet.down] == [
        (2, *halved(0)),
        (4, *halved(1)),
        (8, *halved(2)),
    ]
    for blocks in (network.unet.rise, network.unet.up):
        assert [sides[block] for block in blocks] == [(2, *halved(0)), (4, *halved(1))]


def test_the_pooling_keeps_the_greatest():
    """A single bright voxel of eight reaches the second level undiminished."""
    network = PaperNetwork(maps=2, levels=2).eval()
    seen = []
    network.unet.down[1].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    first = []
    network.unet.down[0].register_forward_hook(lambda module, inputs, output: first.append(output))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        network(
            torch.rand((1, TISSUE_CHANNELS, 4, 4, 4), generator=generator),
            torch.rand((1, LINEAR_CHANNELS, 4, 4, 4), generator=generator),
        )
    blocks = first[0].reshape(1, 2, 2, 2, 2, 2, 2, 2)
    assert torch.equal(seen[0], blocks.amax(dim=(3, 5, 7)))
