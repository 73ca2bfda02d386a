"""Patients that move between scans in a known way."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.image.arrays import Mask
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.registration.view import View, view_of_ct

from ..support.motion import RigidMotion, middle_mm, moved_activity, moved_ct, other_grid

_LATTICE_MM = 8.0
_AROUND_MM = 120.0


class _SmoothVectors:
    """Random vectors of a greatest length around a grid, smooth over a length; cubic splines."""

    def __init__(
        self, grid: Grid, greatest_mm: float, length_mm: float, seed: int, *, free_of_sources: bool
    ):
        rng = np.random.default_rng(seed)
        middle = middle_mm(grid)
        extent = max(n * s for n, s in zip(grid.shape, grid.spacing_mm, strict=True))
        count = int((extent + 2 * _AROUND_MM) / _LATTICE_MM) + 1
        self._grid = Grid.axial((count,) * 3, (_LATTICE_MM,) * 3, middle)
        field = np.stack(
            [
                ndimage.gaussian_filter(
                    rng.normal(size=(count,) * 3), length_mm / _LATTICE_MM, mode="wrap"
                )
                for _ in range(3)
            ]
        )
        if free_of_sources:
            field = _curl(field)
        edge = int(_AROUND_MM / _LATTICE_MM)
        inner = (slice(edge, -edge),) * 3
        field *= greatest_mm / np.sqrt((field**2).sum(axis=0))[inner].max()
        self._splines = [ndimage.spline_filter(component, 3) for component in field]

    def __call__(self, y: np.ndarray) -> np.ndarray:
        at = self._grid.indices(y)[::-1]
        return np.stack(
            [
                ndimage.map_coordinates(c, at, order=3, mode="nearest", prefilter=False)
                for c in self._splines
            ]
        )


def _curl(field: np.ndarray) -> np.ndarray:
    """Of vectors (x, y, z) on an axial grid, shape (3, k, j, i), up to a factor."""
    (_, x_y, x_z), (y_x, _, y_z), (z_x, z_y, _) = (np.gradient(c)[::-1] for c in field)
    return np.stack([z_y - y_z, x_z - z_x, y_x - x_y])


class SmoothMotion:
    """Tissue now at y came from y + u(y), after another motion; u is random and smooth."""

    def __init__(self, grid: Grid, greatest_mm: float, length_mm: float, seed: int, first=None):
        self._first = first
        self._displacement = _SmoothVectors(
            grid, greatest_mm, length_mm, seed, free_of_sources=False
        )

    def came_from(self, y: np.ndarray) -> np.ndarray:
        x = y + self._displacement(y)
        return self._first.came_from(x) if self._first else x

    def went_to(self, x: np.ndarray) -> np.ndarray:
        start = self._first.went_to(x) if self._first else x
        y = start.copy()
        for _ in range(40):
            y = start - self._displacement(y)
        return y

    def volume_ratio(self, y: np.ndarray) -> np.ndarray:
        steps = np.eye(3)[:, :, None]
        columns = [0.5 * (self.came_from(y + s) - self.came_from(y - s)) for s in steps]
        return np.linalg.det(np.stack(columns, axis=-1).transpose(1, 0, 2))


class VolumePreservingMotion:
    """Tissue flows, after another motion, along random smooth lines that neither start nor end."""

    def __init__(self, grid: Grid, greatest_mm: float, length_mm: float, seed: int, first=None):
        self._first = first
        self._velocity = _SmoothVectors(grid, greatest_mm, length_mm, seed, free_of_sources=True)

    def _carried(self, x: np.ndarray, time: float) -> np.ndarray:
        step = 0.25 * time
        for _ in range(4):  # Runge-Kutta
            a = self._velocity(x)
            b = self._velocity(x + 0.5 * step * a)
            c = self._velocity(x + 0.5 * step * b)
            d = self._velocity(x + step * c)
            x = x + step / 6.0 * (a + 2.0 * b + 2.0 * c + d)
        return x

    def came_from(self, y: np.ndarray) -> np.ndarray:
        x = self._carried(y, 1.0)
        return self._first.came_from(x) if self._first else x

    def went_to(self, x: np.ndarray) -> np.ndarray:
        return self._carried(self._first.went_to(x) if self._first else x, -1.0)

    def volume_ratio(self, y: np.ndarray) -> np.ndarray:
        return np.ones(y.shape[1])


def target_error_mm(
    transform: sitk.Transform, motion, mask: Mask, grid: Grid, within: Grid
) -> np.ndarray:
    """Distance between where a transform and the truth put voxels, of those a scan shows [mm]."""
    index = np.argwhere(mask)
    index = index[:: max(1, len(index) // 3000), ::-1]
    x = grid.positions(index.T)
    y = motion.went_to(x)
    at = within.indices(y)
    seen = ((at >= 0.0) & (at <= np.array(within.shape[::-1])[:, None] - 1)).all(axis=0)
    found = np.array([transform.TransformPoint(tuple(p)) for p in x[:, seen].T]).T
    return np.linalg.norm(found - y[:, seen], axis=0)


def small_patient(seed: int = 3) -> tuple[Volume, dict[str, Mask]]:
    """A trunk of 4 mm voxels with spine, lungs, kidneys, a liver, and in it what no CT shows."""
    grid = Grid.axial((48, 44, 64), (4.0, 4.0, 4.0))
    k, j, i = np.indices(grid.shape)
    x, y, z = (p.reshape(grid.shape) for p in grid.positions(np.stack([i, j, k]).reshape(3, -1)))

    def ball(centre, axes) -> Mask:
        return sum(((p - c) / a) ** 2 for p, c, a in zip((x, y, z), centre, axes, strict=True)) < 1

    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(size=grid.shape), 1.5)
    hu = np.where((x / 110) ** 2 + (y / 75) ** 2 < 1, -90.0, -1000.0)
    hu[(x / 98) ** 2 + ((y + 2) / 62) ** 2 < 1] = 30.0
    vois = {
        "right kidney": ball((-48, 30, -35), (20, 18, 36)),
        "left kidney": ball((50, 28, -30), (18, 20, 38)),
        "liver": ball((-45, -10, 15), (48, 44, 40)),
    }
    tumour = ball((-50, -12, 20), (15, 14, 15))
    fat = np.any([ndimage.binary_dilation(vois[n], iterations=2) for n in vois], axis=0)
    hu[fat & (hu == 30.0)] = -80.0
    for name, value in (("right kidney", 35.0), ("left kidney", 35.0), ("liver", 60.0)):
        hu[vois[name]] = value
    hu[ball((45, 0, 90), (42, 46, 75)) & ~fat] = -780.0
    hu[(x**2 + (y - 48) ** 2 < 15**2) & (np.mod(z, 32.0) > 6.0)] = 280.0
    vois["liver"] &= ~tumour
    vois["liver tumour"] = tumour
    body = hu > -900.0
    hu[body] += 25.0 * texture[body] / texture.std()
    return Volume(hu.astype(np.float32), grid), vois


@pytest.fixture(scope="session")
def moving() -> SimpleNamespace:
    """Motions, what they do to images, and how far a transform is from them."""
    return SimpleNamespace(
        RigidMotion=RigidMotion,
        SmoothMotion=SmoothMotion,
        VolumePreservingMotion=VolumePreservingMotion,
        activity=moved_activity,
        ct=moved_ct,
        grid=other_grid,
        error_mm=target_error_mm,
        middle_mm=middle_mm,
    )


@pytest.fixture
def viewed(tmp_path) -> Callable[[Volume], View]:
    """View of a CT [HU]."""

    def of(volume: Volume) -> View:
        write_volume(tmp_path / "ct.nrrd", volume, "")
        return view_of_ct(tmp_path / "ct.nrrd", "CT", Log())

    return of


@pytest.fixture(scope="session")
def trunk() -> tuple[Volume, dict[str, Mask]]:
    """A small virtual CT [HU] and its organs."""
    return small_patient()
