"""The planes of a structure's contours: which are the same, how thick each is, where some are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..image.arrays import Mask
from .polygons import PlaneContours, Points

_DOUBLED = 0.2
"""Part of the usual distance of planes within which two are the same, by rounding."""
_USUAL = 75.0
"""Percentile of the distances that is the usual one: above those of doubled planes."""
_MORE = 1.5
"""Times the usual distance from which planes are missing."""
_BRIDGED = 3.0
"""Times the usual distance up to which what is missing is filled, where both sides are alike."""
_ALIKE = 0.5
"""Part of the smaller side that the sides of a gap have in common, if one body goes on between them."""
_SAME_PLANE = 0.005
"""Slices within which planes are always the same."""


@dataclass(frozen=True)
class Plane:
    """
    Contours of a plane and the slab that they stand for, in indices k, the upper bound not included.

    Attributes
    ----------
    height, low, high : float
    parts : list of PlaneContours
        More than one where planes were the same but for rounding; they enclose what any of them does.
    """

    height: float
    low: float
    high: float
    parts: list[PlaneContours]

    @property
    def volume(self) -> float:
        """Volume of the slab, in voxels."""
        return self.area * (self.high - self.low)

    @property
    def area(self) -> float:
        """Enclosed area, in voxels."""
        return max(part.area for part in self.parts)

    def volume_within(self, shape: tuple[int, ...]) -> float:
        """The part of the volume that lies within an image of a shape (k, j, i), in voxels."""
        thick = min(self.high, shape[0] - 0.5) - max(self.low, -0.5)
        return max(0.0, thick) * max(part.area_within(shape[1:]) for part in self.parts)

    def inside(self, shape: tuple[int, int]) -> Mask:
        """Which voxel centres of a slice the contours enclose, shape (row, column)."""
        return np.logical_or.reduce([part.inside(shape) for part in self.parts])  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Gap:
    """
    Where planes are missing.

    Attributes
    ----------
    size : float
        Distance of the planes beside it, in slices.
    volume : float
        What it holds if the structure goes on, less what the planes beside it stand for, in voxels.
    is_filled : bool
    """

    size: float
    volume: float
    is_filled: bool


@dataclass
class Planes:
    """
    The planes of a structure, from below.

    Attributes
    ----------
    planes : list of Plane
    gaps : list of Gap
    """

    planes: list[Plane] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def at(self, k: int) -> Plane | None:
        """The plane that stands for a slice."""
        return next((plane for plane in self.planes if plane.low <= k < plane.high), None)


def planes_of(heights: Mapping[float, list[Points]], by_xor: bool, through_voxels: bool) -> Planes:
    """
    Bring the contours of a structure to planes.

    Parameters
    ----------
    heights : mapping of float to list of ndarray
        Contours by the index k of their plane.
    by_xor, through_voxels : bool
        See `PlaneContours`.
    """
    at, groups = _merged(heights)
    parts = [[PlaneContours(c, by_xor, through_voxels) for c in group] for group in groups]
    steps = [b - a for a, b in pairwise(at)]
    usual = float(np.median(steps)) if steps else 1.0
    missing_from = _MORE * max(usual, 1.0)
    low, high = [at[0] - 0.5 * _end(steps[:1], usual)], []
    found = Planes()
    for n, step in enumerate(steps):
        reach = 0.5 * step
        if step > missing_from:
            common, smaller = _in_common(parts[n], parts[n + 1])
            is_filled = step <= _BRIDGED * max(usual, 1.0) and common >= _ALIKE * smaller
            if common > 0.0:  # else two parts of a structure, each complete
                found.gaps.append(Gap(step, smaller * (step - usual), is_filled))
            reach = reach if is_filled else 0.5 * usual
        high.append(at[n] + reach)
        low.append(at[n + 1] - reach)
    high.append(at[-1] + 0.5 * _end(steps[-1:], usual))
    found.planes = [Plane(*entry) for entry in zip(at, low, high, parts, strict=True)]
    return found


def _end(steps: Sequence[float], usual: float) -> float:
    """Thickness of an outermost plane: as far as to the next one, unless that is far away."""
    return min(steps[0], _MORE * usual) if steps else usual


def _merged(heights: Mapping[float, list[Points]]) -> tuple[list[float], list[list[list[Points]]]]:
    """Height of each plane, and its contours; those of several planes that are the same but for rounding."""
    order = sorted(heights)
    steps = np.diff(order)
    near = max(_SAME_PLANE, _DOUBLED * float(np.percentile(steps, _USUAL))) if len(steps) else 0.0
    groups: list[list[float]] = []
    for height in order:
        if groups and height - groups[-1][0] <= near:
            groups[-1].append(height)
        else:
            groups.append([height])
    return [float(np.mean(g)) for g in groups], [[heights[height] for height in g] for g in groups]


def _in_common(a: list[PlaneContours], b: list[PlaneContours]) -> tuple[float, float]:
    """Area that two planes have in common, and the smaller of both, in voxels."""
    first, second = (max(parts, key=lambda part: part.area) for parts in (a, b))
    return first.area_in_common(second), min(first.area, second.area)
