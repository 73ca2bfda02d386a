"""Patients that move between scans in a known way."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.transform import Rotation

from LuDosimetryLib.image.arrays import Array, Mask
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.registration.view import View, view_of_ct
from LuDosimetryLib.tissue.density import density_of, patient_mask

_LATTICE_MM = 8.0
_AROUND_MM = 120.0
_PARTS = (2, 2, 2)
"""Points along (k, j, i) at which each voxel of a moved image is sampled."""


@dataclass(frozen=True)
class RigidMotion:
    """Tissue at x goes to R (x - c) + c + t."""

    shift_mm: tuple[float, float, float]
    degrees: tuple[float, float, float]
    centre_mm: tuple[float, float, float]

    def _parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        turn = Rotation.from_euler("xyz", self.degrees, degrees=True).as_matrix()
        return turn, np.array(self.shift_mm)[:, None], np.array(self.centre_mm)[:, None]

    def went_to(self, x: np.ndarray) -> np.ndarray:
        turn, shift, centre = self._parts()
        return turn @ (x - centre) + centre + shift

    def came_from(self, y: np.ndarray) -> np.ndarray:
        turn, shift, centre = self._parts()
        return turn.T @ (y - centre - shift) + centre

    def volume_ratio(self, y: np.ndarray) -> np.ndarray:
        return np.ones(y.shape[1])


def middle_mm(grid: Grid) -> tuple[float, float, float]:
    """Where the middle of a grid lies (x, y, z)."""
    x, y, z = grid.positions(np.array([[0.5 * (n - 1)] for n in grid.shape[::-1]]))[:, 0]
    return (float(x), float(y), float(z))


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


def _between(field: np.ndarray, k: float, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Linear between the voxels of a field, in one plane at index k, at all rows and columns."""
    low = int(k)
    plane = (low + 1 - k) * field[low] + (k - low) * field[min(low + 1, len(field) - 1)]
    for axis, at in ((0, rows), (1, columns)):
        first = at.astype(int)
        part = (at - first).reshape((-1, 1) if axis == 0 else (1, -1))
        beyond = np.minimum(first + 1, plane.shape[axis] - 1)
        plane = (1 - part) * plane.take(first, axis) + part * plane.take(beyond, axis)
    return plane


def _sampled(
    volume: Volume,
    grid: Grid,
    motion,
    *,
    conserved: bool,
    resolution_mm: float = 0.0,
) -> Array:
    """
    Mean over each voxel of what came there; times the volume ratio if it is an amount.

    Beyond the volume there is no amount, and anything else goes on as it ends.

    Motions are smooth, and linear between voxels. A blur comes before voxels do: blurred
    afterwards, a small tumour on its own voxels would keep more than one that moved off them.
    """
    fine = grid.refined(_PARTS)
    around = grid.crop(tuple(slice(-1, n + 1) for n in grid.shape))
    y = around.positions(np.indices(around.shape)[::-1].reshape(3, -1))
    displacement = (motion.came_from(y) - y).reshape(3, *around.shape)
    ratio = motion.volume_ratio(y).reshape(around.shape) if conserved else None
    at = [(np.arange(n * p) + 0.5) / p + 0.5 for n, p in zip(grid.shape, _PARTS, strict=True)]
    j, i = np.indices(fine.shape[1:])
    found = np.empty(fine.shape, np.float32)
    for k in range(fine.shape[0]):
        y = fine.positions(np.stack([i.ravel(), j.ravel(), np.full(i.size, k)]))
        moved = np.stack([_between(u, at[0][k], at[1], at[2]) for u in displacement])
        index = volume.grid.indices(y + moved.reshape(3, -1))[::-1]
        values = ndimage.map_coordinates(
            volume.values,
            index,
            order=1,
            mode="grid-constant" if conserved else "nearest",
        )
        found[k] = values.reshape(j.shape)
        if ratio is not None:
            found[k] *= _between(ratio, at[0][k], at[1], at[2])
    if resolution_mm:
        sigmas = [resolution_mm / 2.355 / s for s in fine.spacing_mm]
        found = ndimage.gaussian_filter(found, sigmas, mode="constant")
    n, m, o = grid.shape
    a, b, c = _PARTS
    return found.reshape(n, a, m, b, o, c).mean(axis=(1, 3, 5))


def moved_activity(activity: Volume, grid: Grid, motion, resolution_mm: float = 0.0) -> Array:
    """What a scanner shows after a motion that leaves every piece of tissue its activity."""
    return _sampled(activity, grid, motion, conserved=True, resolution_mm=resolution_mm)


def moved_ct(
    ct: Volume, grid: Grid, motion, seed: int, *, noise_hu: float = 25.0, couch: bool = True
) -> Volume:
    """
    A CT of the patient after a motion, on another grid, with noise of its own and a couch.

    Where the CT ends the patient goes on, for a patient does not end where a scan does.
    """
    mask = patient_mask(density_of(ct.values), ct.grid)
    patient = Volume(np.where(mask, ct.values, np.float32(-1000.0)), ct.grid)
    hu = _sampled(patient, grid, motion, conserved=False)
    if couch:
        back_mm = float(ct.grid.positions(np.argwhere(mask)[::37, ::-1].T)[1].max()) + 25.0
        hu = _with_couch(hu, grid, back_mm)
    noise = np.random.default_rng(seed).normal(scale=noise_hu, size=hu.shape)
    return Volume((hu + noise).astype(np.float32), grid)


def _with_couch(hu: Array, grid: Grid, back_mm: float) -> Array:
    """A hollow curved couch that lies still below the patient."""
    x, y, _ = grid.positions(np.indices(grid.shape)[::-1].reshape(3, -1))
    across = x - x.mean()
    below = (y - back_mm + across**2 / 900.0).reshape(grid.shape)
    within = (np.abs(across) < 210.0).reshape(grid.shape)
    shell = within & (((below > 0.0) & (below < 3.0)) | ((below > 24.0) & (below < 27.0)))
    foam = within & (below >= 3.0) & (below <= 24.0)
    return np.maximum(hu, np.select([shell, foam], [50.0, -920.0], -2000.0)).astype(np.float32)


def other_grid(ct: Grid, motion, spacing_mm=(3.5, 2.6, 2.6), degrees=(0.0, 0.0, 0.0)) -> Grid:
    """A grid of other voxels over a CT, turned, and cut to slices that hold what was scanned."""
    middle = middle_mm(ct)
    corners = ct.positions(
        np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in ct.shape[::-1]])).reshape(3, -1)
    )
    extent = np.ptp(corners, axis=1)[::-1]
    shape = tuple(int(e / s) for e, s in zip(extent, spacing_mm, strict=True))
    straight = Grid.axial(shape, spacing_mm, middle)
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    origin = middle + turn @ np.subtract(straight.origin_mm, middle)
    grid = Grid(shape, spacing_mm, tuple(origin), tuple(turn.reshape(-1)))
    rows, columns = grid.shape[1:]
    i, j = np.meshgrid(np.linspace(0.2, 0.8, 5) * columns, np.linspace(0.25, 0.75, 5) * rows)
    kept = []
    for k in range(grid.shape[0]):
        y = grid.positions(np.stack([i.ravel(), j.ravel(), np.full(i.size, float(k))]))
        z = ct.indices(motion.came_from(y))[2]
        kept.append(bool((z >= 0.0).all() and (z <= ct.shape[0] - 1).all()))
    slices = np.flatnonzero(kept)
    whole = (slice(0, rows), slice(0, columns))
    return grid.crop((slice(int(slices[0]), int(slices[-1]) + 1), *whole))


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
        return view_of_ct(tmp_path / "ct.nrrd", "CT")

    return of


@pytest.fixture(scope="session")
def trunk() -> tuple[Volume, dict[str, Mask]]:
    """A small virtual CT [HU] and its organs."""
    return small_patient()
