"""A patient who moves in a known way, and what scanners show of it then."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from LuDosimetryLib.image.arrays import Array
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.tissue.density import density_of, patient_mask

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
