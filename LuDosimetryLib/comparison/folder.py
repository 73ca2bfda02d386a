"""The folder of a comparison: its files read, and maps, table, summary and report written."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..agreement.organ_difference import OrganDifference
from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.storage import LAST, staged
from ..image.volume import Volume, write_volume
from ..output.tables import csv_text
from .comparison import Comparison
from .inputs import read_comparison_inputs
from .report import write_comparison_report
from .result_folder import beside

ERROR, RELATIVE_ERROR = "error.nrrd", "relative_error.nrrd"
TABLE, SUMMARY, REPORT = "organs.csv", "comparison.json", "comparison.html"
_FILES = (ERROR, RELATIVE_ERROR, TABLE, SUMMARY, REPORT)
_REPORT_ROOM_BYTES = 8_000_000


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
    log = Log()
    known = beside(reference, log)
    paths = {
        "dose": dose,
        "reference": reference,
        "segmentation": segmentation,
        "density": density or known.density,
        "reference_standard_error": reference_standard_error or known.standard_error,
    }
    given = {what: path for what, path in paths.items() if path is not None}
    _check_output(given, output)
    comparison = _comparison(given, known.organ_standard_error_percent, log)
    with staged(output, comparison.dose.size * 8 + _REPORT_ROOM_BYTES) as stage:
        for name, values, unit in (
            (ERROR, comparison.error, "Gy"),
            (RELATIVE_ERROR, comparison.relative_error, "%"),
        ):
            write_volume(stage / name, Volume(values, comparison.grid), unit)
        (stage / TABLE).write_text(difference_table(comparison), encoding="utf-8")
        write_comparison_report(comparison, stage / REPORT)
        summary = comparison.summary()
        text = json.dumps(summary, indent=1, allow_nan=False) + "\n"
        (stage / SUMMARY).write_text(text, encoding="utf-8")
    return summary


def difference_table(comparison: Comparison) -> str:
    """Content of ``organs.csv`` of a comparison."""
    columns = [f.name for f in fields(OrganDifference)]
    rows = [[getattr(organ, column) for column in columns] for organ in comparison.organs]
    return csv_text([columns, *rows])


def _check_output(inputs: Mapping[str, Path], output: Path) -> None:
    if (output / LAST).exists():
        raise InvalidInput(
            f"the output folder {output} holds a result, which a comparison must not mix with; choose another folder."
        )
    written = {(output / name).resolve() for name in _FILES}
    for what, path in inputs.items():
        if path.resolve() in written:
            raise InvalidInput(
                f"the {what.replace('_', ' ')} {path} would be overwritten; choose another output folder."
            )


def _comparison(
    paths: Mapping[str, Path], organ_noise_percent: Mapping[str, float], log: Log
) -> Comparison:
    read = read_comparison_inputs(paths, log)
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
        warnings=log.remarks,
    )
    comparison.warnings.extend(
        f"The reference dose of {organ.name} is 0 Gy; it has no relative difference."
        for organ in comparison.organs
        if not math.isfinite(organ.difference_percent)
    )
    return comparison
