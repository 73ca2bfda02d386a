"""Voxel S values of one medium as a table for people and programs."""

import csv
import io
import json
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..base.storage import write_atomically
from ..case.case import Case
from ..tissue.media import Medium
from .media import whole_kernel
from .point import read_point_kernels
from .voxel import energy_kernels, mirrored_sum, voxel_s_values

_SHOWN = ("000", "100", "110", "111", "200", "300", "500")
_TABLE_MM = 40.0
_COARSE = 40
_LARGEST_TABLE = 3_000_000
UNIT = "mGy/(MBq s)"


@dataclass(frozen=True)
class KernelTable:
    """
    Voxel S values of one medium.

    Attributes
    ----------
    nuclide : str
    medium : Medium
    voxel_mm : tuple of float
        Voxel size (x, y, z) [mm].
    values : ndarray, shape (x, y, z)
        mGy/(MBq s) at non-negative voxel offsets.
    absorbed_keV_per_decay : float
        Sum over all voxels, to the end of the point kernel (100 g/cm2).
    """

    nuclide: str
    medium: Medium
    voxel_mm: tuple[float, float, float]
    values: NDArray[np.float64]
    absorbed_keV_per_decay: float

    @classmethod
    def of(
        cls,
        voxel_mm: tuple[float, float, float],
        density_g_cm3: float,
        composition: str,
        nuclide: str = Case.nuclide,
    ) -> "KernelTable":
        """
        Calculate the voxel S values of a medium.

        Parameters
        ----------
        voxel_mm : tuple of float
            Voxel size (x, y, z) [mm].
        density_g_cm3 : float
        composition : str
            Name in ``Resources/Media/compositions.csv``.
        nuclide : str

        Raises
        ------
        InvalidInput
            For a nuclide without point kernels, an unknown composition, or sizes and densities
            out of range.
        """
        kernels = read_point_kernels(nuclide)
        known = kernels.by_composition
        if composition not in known:
            raise InvalidInput(
                f"composition is {composition!r}; known compositions: {', '.join(known)}."
            )
        if not 0.01 <= density_g_cm3 <= 20.0:
            raise InvalidInput(f"density is {density_g_cm3:g} g/cm3; allowed: 0.01 to 20.")
        if not all(0.1 <= v <= 100.0 for v in voxel_mm):
            raise InvalidInput(f"voxel size is {voxel_mm} mm; allowed: 0.1 to 100 along each axis.")
        medium = Medium(composition, density_g_cm3)
        voxel_cm = tuple(0.1 * v for v in voxel_mm)
        shape = tuple(max(ceil(_TABLE_MM / v), 5) + 1 for v in voxel_mm)
        if np.prod(shape) > _LARGEST_TABLE:
            shape = (6, 6, 6)
        deposits = whole_kernel(kernels, medium)
        energy = energy_kernels(deposits, voxel_cm, shape).sum(axis=0)  # type: ignore[arg-type]
        values = voxel_s_values(energy, voxel_cm, density_g_cm3) * 1e9  # type: ignore[arg-type]
        # the sum over all voxels does not depend on their size: coarse ones will do
        side = deposits[1].radius[-1] / _COARSE
        coarse = energy_kernels(deposits, (side,) * 3, (_COARSE + 1,) * 3).sum(axis=0)
        return cls(nuclide, medium, voxel_mm, values, mirrored_sum(coarse))

    def as_dict(self) -> dict[str, Any]:
        """A few values, the absorbed energy and where they come from."""
        made = read_point_kernels(self.nuclide).provenance
        return {
            "unit": UNIT,
            "values": {
                offset: float(f"{self.values[tuple(map(int, offset))]:.6g}") for offset in _SHOWN
            },
            "absorbed_keV_per_decay": round(self.absorbed_keV_per_decay, 3),
            "composition": self.medium.composition,
            "density_g_cm3": self.medium.density_g_cm3,
            "voxel_mm": list(self.voxel_mm),
            "nuclide": self.nuclide,
            "point_kernels": f"{made['engine']}, {made['date']}",
        }

    def as_json(self) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict())

    def as_text(self) -> str:
        """`as_dict` for reading."""
        x, y, z = self.voxel_mm
        lines = [
            f"{self.nuclide} in {self.medium.composition}, {self.medium.density_g_cm3:g} g/cm3, voxels of {x:g} x {y:g} x {z:g} mm",
            *(
                f"  S({','.join(offset)})  {value:10.4g} {UNIT}"
                for offset, value in self.as_dict()["values"].items()
            ),
            f"  absorbed in a large phantom: {self.absorbed_keV_per_decay:.2f} keV per decay",
        ]
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write the JSON (``.json``), or a table of all values up to 40 mm (any other name)."""
        text = self.as_json() + "\n"
        if path.suffix != ".json":
            table = io.StringIO()
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow(["i", "j", "k", f"S [{UNIT}]"])
            writer.writerows(
                [*map(int, index), f"{value:.6g}"] for index, value in np.ndenumerate(self.values)
            )
            text = table.getvalue()
        try:
            with write_atomically(path) as file:
                file.write(text.encode())
        except OSError as error:
            raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None
