"""The networks: the U-Net of Kim et al. 2022, and one that is linear in activity by construction."""

from typing import Any

import torch
from torch import Tensor, nn

from .channels import AT_TARGET, FROM_SOURCE, LINEAR_CHANNELS, TISSUE_CHANNELS
from .model import ARCHITECTURES as NAMES

_MOMENTUM = 0.02
"""Momentum of batch normalisation: with one patch per batch, the statistics rest on about fifty batches."""


class UNet(nn.Module):
    """
    Encoder and decoder as Kim et al. 2022 describe them.

    Levels of two 3x3x3 convolutions with batch normalisation and ReLU, halved between by 2x2x2
    maximum pooling; upwards one 3x3x3 convolution after up-sampling, concatenation, and two
    3x3x3 convolutions with ReLU. The number of maps doubles with every level.

    Parameters
    ----------
    channels : int
        Number of channels of the input.
    maps : int
        Number of feature maps at the first level.
    levels : int
    """

    def __init__(self, channels: int, maps: int, levels: int) -> None:
        super().__init__()
        widths = [maps * 2**level for level in range(levels)]
        self.widths = widths
        self.down = nn.ModuleList(
            _two_convolutions(below, width)
            for below, width in zip([channels, *widths], widths, strict=False)
        )
        self.rise = nn.ModuleList(
            nn.Conv3d(2 * width, width, 3, padding=1) for width in widths[:-1]
        )
        self.up = nn.ModuleList(_two_convolutions(2 * width, width) for width in widths[:-1])

    def forward(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """
        Maps of the encoder, finest first, and of the decoder, finest first and the lowest level last.

        Parameters
        ----------
        x : Tensor, shape (batch, channels, k, j, i)
            Each side a multiple of ``2 ** (levels - 1)``.
        """
        encoded: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else nn.functional.max_pool3d(x, 2))
            encoded.append(x)
        decoded = [x]
        for level in reversed(range(len(self.up))):
            x = self.rise[level](nn.functional.interpolate(x, scale_factor=2))
            x = self.up[level](torch.cat([x, encoded[level]], dim=1))
            decoded.insert(0, x)
        return encoded, decoded


class PaperNetwork(nn.Module):
    """
    Kim et al. 2022: tissue and activity into one U-Net, whose single map is the residual.

    Homogeneous in activity only because the caller divides it by a quantity of the case.
    """

    def __init__(self, maps: int = 16, levels: int = 3) -> None:
        super().__init__()
        self.depth = levels
        self.unet = UNet(TISSUE_CHANNELS + LINEAR_CHANNELS, maps, levels)
        self.out = nn.Conv3d(maps, 1, 1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, tissue: Tensor, linear: Tensor) -> Tensor:
        """Residual, shape (batch, 1, k, j, i); parameters as of `LinearNetwork.forward`."""
        _, decoded = self.unet(torch.cat([tissue, linear], dim=1))
        residual: Tensor = self.out(decoded[0])
        return residual


class LinearNetwork(nn.Module):
    """
    A U-Net of the tissue steers a second one of the activity that has no non-linearity.

    In a given patient dose is linear in activity: the dose of two activities is the sum of their
    doses. So the U-Net of Kim et al. sees the CT alone, and its maps at every level multiply what
    convolutions without bias make of the activity before and after them. The residual is linear
    in activity exactly, zero for zero, and cannot depend on which uptake patterns were trained.

    Parameters
    ----------
    maps : int
        Number of feature maps of the tissue's U-Net at its first level.
    activity_maps : int
        Number of feature maps of the activity's U-Net at its first level; each further level adds half as many.
    levels : int
    """

    def __init__(self, maps: int = 8, activity_maps: int = 8, levels: int = 3) -> None:
        super().__init__()
        self.depth = levels
        self.unet = UNet(TISSUE_CHANNELS, maps, levels)
        tissue = self.unet.widths
        widths = [activity_maps + level * activity_maps // 2 for level in range(levels)]
        self.down = nn.ModuleList(
            _Steered(below, width, maps_of_tissue)
            for below, width, maps_of_tissue in zip(
                [LINEAR_CHANNELS, *widths], widths, tissue, strict=False
            )
        )
        self.up = nn.ModuleList(
            _Steered(width + below, width, maps_of_tissue)
            for width, below, maps_of_tissue in zip(widths, widths[1:], tissue, strict=False)
        )
        self.direct = nn.Conv3d(tissue[0], LINEAR_CHANNELS, 1)
        self.out = nn.Conv3d(widths[0], 1, 1, bias=False)
        # untrained, the residual is what the two doses of electrons differ by
        for start in (self.out, self.direct):
            nn.init.zeros_(start.weight)
        assert self.direct.bias is not None
        nn.init.zeros_(self.direct.bias)

    def forward(self, tissue: Tensor, linear: Tensor) -> Tensor:
        """
        The residual.

        Parameters
        ----------
        tissue : Tensor, shape (batch, TISSUE_CHANNELS, k, j, i)
        linear : Tensor, shape (batch, LINEAR_CHANNELS, k, j, i)
            Doses, in any one unit.

        Returns
        -------
        Tensor, shape (batch, 1, k, j, i)
            In that unit.
        """
        encoded, decoded = self.unet(tissue)
        maps: list[Tensor] = []
        a = linear
        for level, block in enumerate(self.down):
            a = block(a if level == 0 else nn.functional.avg_pool3d(a, 2), encoded[level])
            maps.append(a)
        for level in reversed(range(len(self.up))):
            a = nn.functional.interpolate(a, scale_factor=2)
            a = self.up[level](torch.cat([a, maps[level]], dim=1), decoded[level])
        direct = (self.direct(decoded[0]) * linear).sum(1, keepdim=True)
        residual: Tensor = self.out(a) + direct + source_less_target(linear)
        return residual


def source_less_target(linear: Tensor) -> Tensor:
    """Difference of the two doses that the linear channels hold, shape (batch, 1, k, j, i)."""
    return linear[:, FROM_SOURCE, None] - linear[:, AT_TARGET, None]


class _Steered(nn.Module):
    """A convolution of the activity between two multiplications by what the tissue says."""

    def __init__(self, channels: int, maps: int, maps_of_tissue: int) -> None:
        super().__init__()
        self.before = nn.Conv3d(maps_of_tissue, channels, 1)
        self.convolution = nn.Conv3d(channels, maps, 3, padding=1, bias=False)
        self.after = nn.Conv3d(maps_of_tissue, maps, 1)
        for gate in (self.before, self.after):
            nn.init.normal_(gate.weight, std=0.1 * maps_of_tissue**-0.5)
            assert gate.bias is not None
            nn.init.ones_(gate.bias)

    def forward(self, activity: Tensor, tissue: Tensor) -> Tensor:
        steered: Tensor = self.after(tissue) * self.convolution(self.before(tissue) * activity)
        return steered


def _two_convolutions(channels: int, maps: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels, maps, 3, padding=1, bias=False),
        nn.BatchNorm3d(maps, momentum=_MOMENTUM),
        nn.ReLU(inplace=True),
        nn.Conv3d(maps, maps, 3, padding=1, bias=False),
        nn.BatchNorm3d(maps, momentum=_MOMENTUM),
        nn.ReLU(inplace=True),
    )


ARCHITECTURES: dict[str, Any] = dict(zip(NAMES, (LinearNetwork, PaperNetwork), strict=True))
"""Networks by name."""
