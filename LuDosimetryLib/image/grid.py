"""Grid of an image: positions of its voxels in the patient."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .arrays import Triple

_NO_TURN = 1e-12
_SHEAR = 1e-3
"""Cosine between two axes, or deviation of a direction's length from 1, from which a grid is sheared."""


@dataclass(frozen=True)
class Grid:
    """
    Positions of the voxels of an image in the patient.

    Attributes
    ----------
    shape : tuple of int
        Number of voxels along the array axes (k, j, i).
    spacing_mm : tuple of float
        Voxel size along the array axes (k, j, i) [mm].
    origin_mm : tuple of float
        Patient position (x, y, z) of the centre of voxel (0, 0, 0) [mm], LPS as in DICOM and ITK.
    direction : tuple of nine float
        ITK direction cosines, row by row; its columns are the directions of i, j and k.
    """

    shape: tuple[int, int, int]
    spacing_mm: Triple
    origin_mm: Triple
    direction: tuple[float, ...]

    def __post_init__(self) -> None:
        # rounding residues of zero, down to 1e-320, make ITK's inversion fail
        cleared = tuple(0.0 if abs(d) < _NO_TURN else float(d) for d in self.direction)
        object.__setattr__(self, "direction", cleared)

    @classmethod
    def axial(
        cls, shape: tuple[int, int, int], spacing_mm: Triple, centre_mm: Triple = (0.0, 0.0, 0.0)
    ) -> "Grid":
        """Make a grid along the patient axes about a centre (x, y, z)."""
        extent = [(n - 1) * s for n, s in zip(shape[::-1], spacing_mm[::-1], strict=True)]
        origin = tuple(c - 0.5 * e for c, e in zip(centre_mm, extent, strict=True))
        return cls(shape, spacing_mm, origin, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))  # type: ignore[arg-type]

    @classmethod
    def of(cls, image: sitk.Image) -> "Grid":
        """Grid of a SimpleITK image."""
        return cls(
            image.GetSize()[::-1], image.GetSpacing()[::-1], image.GetOrigin(), image.GetDirection()
        )

    @property
    def is_sheared(self) -> bool:
        """Whether the axes are not at right angles, so that voxels are no boxes."""
        axes = np.array(self.direction).reshape(3, 3)
        return bool(np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR)

    @property
    def is_default(self) -> bool:
        """Whether it is what readers take for a file that states no geometry: 1 mm from the origin."""
        return (
            self.spacing_mm == (1.0, 1.0, 1.0)
            and self.origin_mm == (0.0, 0.0, 0.0)
            and np.array_equal(np.abs(self.direction), np.eye(3).reshape(-1))
        )

    @property
    def voxel_volume_mL(self) -> float:
        """Volume of a voxel [mL]."""
        return float(np.prod(self.spacing_mm)) * 1e-3

    @property
    def voxel_cm(self) -> Triple:
        """Voxel size along (k, j, i) [cm]."""
        k, j, i = self.spacing_mm
        return (k * 0.1, j * 0.1, i * 0.1)

    def same_as(self, other: "Grid", tolerance_mm: float = 1e-2) -> bool:
        """Whether all voxels of two grids coincide within a tolerance [mm]."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape[::-1]])).reshape(3, -1)
        apart = self.positions(corners) - other.positions(corners)
        return bool(np.abs(apart).max() <= tolerance_mm)

    def positions(
        self, index_ijk: NDArray[np.floating] | NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Patient positions (x, y, z) [mm], shape (3, n), of voxel indices (i, j, k), shape (3, n)."""
        scaled = np.asarray(index_ijk, float) * np.array(self.spacing_mm[::-1])[:, None]
        rotated = np.array(self.direction).reshape(3, 3) @ scaled
        return np.asarray(rotated + np.array(self.origin_mm)[:, None])

    def indices(self, positions_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """Voxel indices (i, j, k), not rounded, shape (3, n), of patient positions (x, y, z) [mm]."""
        apart = np.asarray(positions_mm, float) - np.array(self.origin_mm)[:, None]
        scaled = np.linalg.solve(np.array(self.direction).reshape(3, 3), apart)
        return np.asarray(scaled / np.array(self.spacing_mm[::-1])[:, None])

    def box_around(self, other: "Grid") -> tuple[slice, slice, slice]:
        """Array slices (k, j, i) around the voxels that another grid can touch; empty if none."""
        edges = [(-0.5, n - 0.5) for n in other.shape[::-1]]
        corners = np.array(np.meshgrid(*edges)).reshape(3, -1)
        at = self.indices(other.positions(corners))
        # a voxel extends half a voxel to both sides of its index; touching is not enough
        first = np.floor(at.min(axis=1) + 0.5 + 1e-6).astype(int)[::-1]
        last = np.ceil(at.max(axis=1) - 0.5 - 1e-6).astype(int)[::-1]
        k, j, i = (
            slice(max(0, int(a)), min(n, int(b) + 1))
            for a, b, n in zip(first, last, self.shape, strict=True)
        )
        return (k, j, i)

    def covered_by(self, other: "Grid") -> NDArray[np.bool_]:
        """Mask of the voxels whose centre lies within the voxels of another grid, shape `shape`."""
        steps = np.eye(4)[:3]  # no step, and one along each of i, j, k
        at = other.indices(self.positions(np.roll(steps, 1, axis=1)))
        start, moved = at[:, 0], at[:, 1:] - at[:, :1]
        covered = np.ones(self.shape, bool)
        i, j, k = (np.arange(n) for n in self.shape[::-1])
        for axis, n in enumerate(other.shape[::-1]):
            a, b, c = moved[axis]
            index = (start[axis] + c * k)[:, None, None] + (b * j)[:, None] + a * i
            covered &= (index >= -0.5 - 1e-6) & (index <= n - 0.5 + 1e-6)
        return covered

    def crop(self, box: tuple[slice, slice, slice]) -> "Grid":
        """Part of the grid within array slices (k, j, i) with explicit starts and stops."""
        starts = np.array([[s.start] for s in box[::-1]])
        shape = tuple(s.stop - s.start for s in box)
        origin = tuple(float(x) for x in self.positions(starts)[:, 0])
        return Grid(shape, self.spacing_mm, origin, self.direction)  # type: ignore[arg-type]

    def refined(self, factors: tuple[int, int, int]) -> "Grid":
        """Grid with each voxel divided into ``factors`` (k, j, i) parts."""
        spacing = tuple(s / f for s, f in zip(self.spacing_mm, factors, strict=True))
        shape = tuple(n * f for n, f in zip(self.shape, factors, strict=True))
        first = np.array([[0.5 / f - 0.5] for f in factors[::-1]])
        origin = tuple(float(x) for x in self.positions(first)[:, 0])
        return Grid(shape, spacing, origin, self.direction)  # type: ignore[arg-type]


_PATIENT_AXES = ("left to right", "front to back", "head to feet")


def along_patient(grid: Grid, axis: int) -> str:
    """Axis of the patient that is closest to an array axis (k, j, i)."""
    direction = np.array(grid.direction).reshape(3, 3)[:, 2 - axis]
    return _PATIENT_AXES[int(np.abs(direction).argmax())]
