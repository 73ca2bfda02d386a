"""One dose against another: error maps, organ differences, and the folder of a comparison."""

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..agreement.agreement import (
    BlandAltman,
    Correlation,
    VoxelErrors,
    bland_altman,
    correlation,
    voxel_errors,
)
from ..agreement.error_map import MASK_FRACTION, relative_error_percent
from ..agreement.organ_difference import OrganDifference, organ_differences
from ..base.errors import InvalidInput
from ..base.storage import staged
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..image.volume import Volume, write_volume
from ..tissue.density import NO_DOSE_BELOW_G_CM3
from .inputs import read_comparison_inputs
from .result_folder import beside

SCHEMA = "ludosimetry-comparison/1"

_FILES = ("error.nrrd", "relative_error.nrrd", "comparison.json", "organs.csv", "comparison.html")
_REPORT_ROOM_BYTES = 8_000_000


@dataclass(frozen=True)
class Comparison:
    """
    A dose, its reference, and how well they agree, everything on the reference's grid.

    Attributes
    ----------
    dose, reference : ndarray, shape (k, j, i)
        [Gy].
    grid : Grid
    included : ndarray of bool, shape (k, j, i)
        Voxels that are compared; errors are 0 elsewhere.
    vois : dict of str to ndarray of bool
    organs : list of OrganDifference
    bland_altman : BlandAltman
        Of the relative differences of the organs.
    correlation : Correlation
    voxels : VoxelErrors
        Of voxels above `mask_fraction` of the reference's maximum.
    mask_fraction : float
    density : ndarray or None
        [g/cm3].
    inputs : dict
        Name and SHA-256 of every file, by what it is.
    warnings : list of str
    """

    dose: Array
    reference: Array
    grid: Grid
    included: Mask
    vois: dict[str, Mask]
    organs: list[OrganDifference]
    bland_altman: BlandAltman
    correlation: Correlation
    voxels: VoxelErrors
    mask_fraction: float = MASK_FRACTION
    density: Array | None = None
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        dose: Array,
        reference: Array,
        grid: Grid,
        *,
        vois: Mapping[str, Mask] | None = None,
        density: Array | None = None,
        included: Mask | None = None,
        standard_error: Array | None = None,
        organ_noise_percent: Mapping[str, float] | None = None,
        mask_fraction: float = MASK_FRACTION,
        inputs: Mapping[str, dict[str, str]] | None = None,
        warnings: list[str] | None = None,
    ) -> "Comparison":
        """
        Compare two doses on one grid.

        Parameters
        ----------
        dose, reference : ndarray, shape (k, j, i)
            [Gy].
        grid : Grid
        vois : mapping of str to ndarray of bool, shape (k, j, i), optional
        density : ndarray, shape (k, j, i), optional
            [g/cm3]; with it, organ means are mass-weighted and air does not count.
        included : ndarray of bool, shape (k, j, i), optional
            Voxels that count; all if not given.
        standard_error : ndarray, shape (k, j, i), optional
            One standard deviation of each voxel of the reference [Gy].
        organ_noise_percent : mapping of str to float, optional
            Relative standard error of the reference's organ means, where known.
        mask_fraction : float
            Voxel errors count above this fraction of the reference's maximum.
        inputs, warnings
            Kept with the comparison.

        Raises
        ------
        InvalidInput
            If the reference has no dose, or a volume of interest no voxel to compare.
        """
        counts = np.ones(grid.shape, bool) if included is None else included
        if density is not None:
            counts = counts & (density >= NO_DOSE_BELOW_G_CM3)
        if not (reference[counts] > 0.0).any():
            raise InvalidInput(
                "the reference has no dose above 0 Gy where it is compared; check that the two files belong together."
            )
        greatest = float(reference[counts].max())
        organs = organ_differences(
            dose,
            reference,
            vois or {},
            grid,
            counts,
            density_g_cm3=density,
            standard_error_Gy=standard_error,
            known_noise_percent=organ_noise_percent,
        )
        noise = None if standard_error is None else standard_error[counts]
        return cls(
            dose=dose,
            reference=reference,
            grid=grid,
            included=counts,
            vois=dict(vois or {}),
            organs=organs,
            bland_altman=bland_altman([organ.difference_percent for organ in organs]),
            correlation=correlation(dose[counts], reference[counts]),
            voxels=voxel_errors(dose[counts], reference[counts], mask_fraction * greatest, noise),
            mask_fraction=mask_fraction,
            density=density,
            inputs=dict(inputs or {}),
            warnings=list(warnings or []),
        )

    @property
    def error(self) -> Array:
        """Dose minus reference [Gy], 0 where not compared."""
        return np.where(self.included, self.dose - self.reference, np.float32(0.0))

    @property
    def relative_error(self) -> Array:
        """Error as part of the reference [%], 0 below the threshold and where not compared."""
        reference = np.where(self.included, self.reference, np.float32(0.0))
        return relative_error_percent(self.dose, reference, self.mask_fraction)

    def summary(self) -> dict[str, Any]:
        """The content of ``comparison.json``; what is not defined is null."""
        off = [
            abs(o.difference_percent) for o in self.organs if math.isfinite(o.difference_percent)
        ]
        summary: dict[str, Any] = _without_nan(
            {
                "schema": SCHEMA,
                "inputs": self.inputs,
                "organ_mean_weighting": "volume" if self.density is None else "mass",
                "relative_error_above_fraction_of_maximum": self.mask_fraction,
                "compared_voxels": int(self.included.sum()),
                "organs": [asdict(organ) for organ in self.organs],
                "mean_absolute_difference_over_organs_percent": float(np.mean(off))
                if off
                else None,
                "bland_altman_of_organs": asdict(self.bland_altman),
                "pearson_correlation": asdict(self.correlation),
                "voxel_relative_error": asdict(self.voxels),
                "warnings": self.warnings,
            }
        )
        return summary

    def organ_table(self) -> str:
        """The content of ``organs.csv``."""
        text = io.StringIO()
        columns = [f.name for f in fields(OrganDifference)]
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for organ in self.organs:
            values = [getattr(organ, column) for column in columns]
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in values])
        return text.getvalue()


def compare_files(
    dose: Path,
    reference: Path,
    segmentation: Path | None,
    output: Path,
    density: Path | None = None,
    *,
    reference_standard_error: Path | None = None,
) -> dict[str, Any]:
    """
    Compare two dose files and write a folder about it: all of it, or nothing.

    Writes ``error.nrrd`` [Gy], ``relative_error.nrrd`` [%], ``organs.csv``, ``comparison.json``
    and ``comparison.html``. Other grids than the reference's are resampled onto it.

    Parameters
    ----------
    dose, reference : Path
        Absorbed dose [Gy] in any image that SimpleITK reads.
    segmentation : Path or None
        A label image or ``.seg.nrrd``.
    output : Path
        Folder; made if need be.
    density : Path, optional
        [g/cm3]. If not given, that of the reference's result folder; without any, organ means are
        weighted by volume.
    reference_standard_error : Path, optional
        One standard deviation of each voxel of the reference [Gy]. If not given, that of the
        reference's result folder, which also knows the standard errors of organ means.

    Returns
    -------
    dict
        The content of ``comparison.json``.

    Raises
    ------
    InvalidInput
        For a file that cannot be used, doses that do not overlap, and an output folder that
        cannot be written, holds a result, or holds one of the inputs under a name to be written.
    """
    # the report needs this file
    from .report import write_comparison_report

    known = beside(reference)
    paths = {
        "dose": dose,
        "reference": reference,
        "segmentation": segmentation,
        "density": density or known.density,
        "reference_standard_error": reference_standard_error or known.standard_error,
    }
    given = {what: path for what, path in paths.items() if path is not None}
    _check_output(given, output)
    comparison = _comparison_of(given, known.organ_standard_error_percent)
    with staged(output, comparison.dose.size * 8 + _REPORT_ROOM_BYTES) as stage:
        for name, values, unit in (
            ("error.nrrd", comparison.error, "Gy"),
            ("relative_error.nrrd", comparison.relative_error, "%"),
        ):
            write_volume(stage / name, Volume(values, comparison.grid), unit)
        (stage / "organs.csv").write_text(comparison.organ_table(), encoding="utf-8")
        write_comparison_report(comparison, stage / "comparison.html")
        summary = comparison.summary()
        text = json.dumps(summary, indent=1, allow_nan=False) + "\n"
        (stage / "comparison.json").write_text(text, encoding="utf-8")
    return summary


def _check_output(inputs: Mapping[str, Path], output: Path) -> None:
    if (output / "result.json").exists():
        raise InvalidInput(
            f"the output folder {output} holds a result, which a comparison must not mix with; choose another folder."
        )
    written = {(output / name).resolve() for name in _FILES}
    for what, path in inputs.items():
        if path.resolve() in written:
            raise InvalidInput(
                f"the {what.replace('_', ' ')} {path} would be overwritten; choose another output folder."
            )


def _comparison_of(
    paths: Mapping[str, Path], organ_noise_percent: Mapping[str, float]
) -> Comparison:
    read = read_comparison_inputs(paths)
    comparison = Comparison.of(
        read.dose,
        read.reference,
        read.grid,
        vois=read.vois,
        density=read.density,
        included=read.reached,
        standard_error=read.standard_error,
        organ_noise_percent=organ_noise_percent,
        inputs=read.files,
        warnings=read.warnings,
    )
    comparison.warnings.extend(
        f"The reference dose of {organ.name} is 0 Gy; it has no relative difference."
        for organ in comparison.organs
        if not math.isfinite(organ.difference_percent)
    )
    return comparison


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_nan(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
