"""What comes out: a result in memory, and its folder."""

import csv
import io
import json
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..activity.curve import VoiCurve, curve_table
from ..activity.integration import MODELS
from ..agreement.error_map import relative_error_percent
from ..base.errors import Cancelled, InvalidInput
from ..base.progress import Progress, no_progress
from ..base.storage import LAST, staged
from ..dicom.source import DicomSource
from ..image.arrays import Array, Mask
from ..image.grid import Grid
from ..image.volume import Volume, read_volume, write_volume
from ..organs.organ_dose import DoseVolumeHistograms, OrganDose
from ..output.dicom.export import FILES as DICOM_FILES
from ..output.dicom.export import described, write_objects
from ..registration.alignment import Alignment

__all__ = [
    "SCHEMA",
    "Result",
    "check_inputs_kept",
    "read_result",
    "unfinished_folder",
]

SCHEMA = "ludosimetry-result/1"
_REPORT_ROOM_BYTES = 8_000_000
_BESIDE_VOLUMES = (LAST, "organs.csv", "dvh.csv", "curves.csv", "report.html", *DICOM_FILES)
_TRANSFORM = re.compile(r"transform_\d+\.tfm")
_VOLUME = re.compile(r"(tia|tia_model|density|dose|(dose|error|relative_error)_[\w-]+)\.nrrd")


@dataclass
class Result:
    """
    A finished calculation, everything on one grid.

    Attributes
    ----------
    case : dict
        The case as asked, in the form of case.json.
    dose_method : str
        The method of `dose`; another than asked only with a warning that says so.
    grid : Grid
        Of the reference SPECT.
    tia : ndarray, shape (k, j, i)
        Time-integrated activity [MBq h/mL].
    density : ndarray
        [g/cm3].
    reported : ndarray of bool
        Voxels that have a dose; 0 elsewhere.
    doses : dict of str to ndarray
        Absorbed dose [Gy] by method; the chosen one comes first.
    vois : dict of str to ndarray of bool
    organs : list of OrganDose
    dvh : DoseVolumeHistograms
    timing_s : dict of str to float
    provenance : dict
    warnings : list of str
    inputs : tuple of Path
        Files and folders that `write` must leave alone.
    standard_errors : dict of str to ndarray
        Standard error of the dose [Gy] of statistical methods.
    unfinished : Path or None
        Folder of what was finished along the way; `write` removes it.
    dicom : DicomSource or None
        The study that the case comes from, to which the DICOM objects are added.
    curves : dict of str to VoiCurve
        Time-activity curve of every volume of interest; empty for a single scan.
    tia_model : ndarray of uint8, shape (k, j, i), or None
        The model that gave each voxel's `tia`, by its number in `activity.tia.MODELS`; None where
        all are trapezoids.
    alignments : list of Alignment
        How every scan was brought to the reference; empty where they were taken as aligned.
    """

    case: dict[str, Any]
    dose_method: str
    grid: Grid
    tia: Array
    density: Array
    reported: Mask
    doses: dict[str, Array]
    vois: dict[str, Mask]
    organs: list[OrganDose]
    dvh: DoseVolumeHistograms
    timing_s: dict[str, float]
    provenance: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    inputs: tuple[Path, ...] = ()
    standard_errors: dict[str, Array] = field(default_factory=dict)
    unfinished: Path | None = None
    dicom: DicomSource | None = None
    curves: dict[str, VoiCurve] = field(default_factory=dict)
    tia_model: NDArray[np.uint8] | None = None
    alignments: list[Alignment] = field(default_factory=list)

    @property
    def dose(self) -> Array:
        """Absorbed dose by the chosen method [Gy]."""
        return self.doses[self.dose_method]

    def volumes(self) -> dict[str, tuple[str, str, Array | NDArray[np.uint8]]]:
        """File name, unit and values of every volume of the result folder, by key."""
        volumes: dict[str, tuple[str, str, Array | NDArray[np.uint8]]] = {
            "tia": ("tia.nrrd", "MBq.h/mL", self.tia),
            "density": ("density.nrrd", "g/cm3", self.density),
            "dose": ("dose.nrrd", "Gy", self.dose),
        }
        for name, dose in self.doses.items():
            if name == self.dose_method:
                continue
            volumes[f"dose_{name}"] = (f"dose_{name}.nrrd", "Gy", dose)
            volumes[f"error_{name}"] = (f"error_{name}.nrrd", "Gy", dose - self.dose)
            volumes[f"relative_error_{name}"] = (
                f"relative_error_{name}.nrrd",
                "%",
                relative_error_percent(dose, self.dose),
            )
        for name, error in self.standard_errors.items():
            of = "dose" if name == self.dose_method else f"dose_{name}"
            volumes[f"{of}_standard_error"] = (f"{of}_standard_error.nrrd", "Gy", error)
        if self.tia_model is not None:
            volumes["tia_model"] = ("tia_model.nrrd", "1", self.tia_model)
        return volumes

    def write(self, folder: Path, progress: Progress = no_progress) -> None:
        """
        Write the result folder: all of it, or nothing.

        Files are made in a folder within it and moved in at the end, ``result.json`` last. The
        files of an earlier result go; all others stay.

        Parameters
        ----------
        folder : Path
            Made if need be.
        progress : callable
            ``(fraction, message)``; raising `Cancelled` from it leaves the folder as it was.

        Raises
        ------
        InvalidInput
            If the folder cannot be written, the disk is full, or an input would be overwritten.
        """
        started = time.perf_counter()
        check_inputs_kept(folder, self.inputs)
        with (
            self._discarding_if_cancelled(),
            staged(folder, self._bytes(), _names_of_earlier_result(folder)) as stage,
        ):
            progress(0.95, "writing the volumes")
            volumes = self.volumes()
            for name, unit, values in volumes.values():
                kind = np.uint8 if values.dtype == np.uint8 else np.float32
                write_volume(stage / name, Volume(values.astype(kind, copy=False), self.grid), unit)
            for alignment in self.alignments:
                if alignment.file_name is not None:
                    sitk.WriteTransform(alignment.transform, str(stage / alignment.file_name))
            (stage / "organs.csv").write_text(self._organ_table(), encoding="utf-8")
            (stage / "dvh.csv").write_text(self._dvh_table(), encoding="utf-8")
            if self.curves:
                table = curve_table(self.curves.values())
                (stage / "curves.csv").write_text(table, encoding="utf-8")
            self._time_writing(started)
            progress(0.96, "writing the DICOM objects")
            write_objects(self, stage)
            progress(0.97, "writing the report")
            from ..report.result_report import write_report

            write_report(self, stage / "report.html")
            self._time_writing(started)
            text = json.dumps(self.summary(), indent=1, allow_nan=False) + "\n"
            (stage / LAST).write_text(text, encoding="utf-8")
            progress(0.99, "written")
        self._discard_unfinished()

    @contextmanager
    def _discarding_if_cancelled(self) -> Iterator[None]:
        try:
            yield
        except Cancelled:
            self._discard_unfinished()
            raise

    def _discard_unfinished(self) -> None:
        if self.unfinished is not None:
            shutil.rmtree(self.unfinished, ignore_errors=True)

    def _time_writing(self, started: float) -> None:
        self.timing_s["write"] = time.perf_counter() - started
        self.timing_s["total"] = sum(v for k, v in self.timing_s.items() if k != "total")

    def summary(self) -> dict[str, Any]:
        """The content of ``result.json``."""
        return {
            "schema": SCHEMA,
            "status": "completed",
            "dose_method": self.dose_method,
            "volumes": {key: name for key, (name, *_) in self.volumes().items()},
            "organs": [asdict(organ) for organ in self.organs],
            "curves": [curve.as_dict() for curve in self.curves.values()],
            "tia_models": {} if self.tia_model is None else {str(n): m for n, m in MODELS.items()},
            "timing_s": self.timing_s,
            "provenance": self.provenance,
            "registration": [alignment.summary() for alignment in self.alignments],
            "warnings": self.warnings,
            "case": self.case,
            "dicom": described(self),
        }

    def _bytes(self) -> int:
        return (
            self.dose.size * 4 * (3 * len(self.doses) + len(self.standard_errors))
            + _REPORT_ROOM_BYTES
        )

    def _organ_table(self) -> str:
        text = io.StringIO()
        apart = ("_by_method_", "_parts_")
        columns = [f.name for f in fields(OrganDose) if not any(a in f.name for a in apart)]
        columns.remove("standard_error_Gy")  # stands beside the dose of its method
        methods, noisy = list(self.doses), list(self.standard_errors)
        writer = csv.writer(text, lineterminator="\n")
        headings = [f"mean_dose_Gy {method}" for method in methods]
        headings += [f"standard_error_Gy {method}" for method in noisy]
        parts = list(self.organs[0].uncertainty_parts_percent) if self.organs else []
        headings += [f"uncertainty_percent {part}" for part in parts]
        writer.writerow(columns + headings)
        for organ in self.organs:
            values = [getattr(organ, column) for column in columns]
            values += [organ.dose_by_method_Gy[method] for method in methods]
            values += [organ.standard_error_by_method_Gy[method] for method in noisy]
            values += [organ.uncertainty_parts_percent[part] for part in parts]
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in values])
        return text.getvalue()

    def _dvh_table(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(
            ["dose_Gy", *(f"{name} volume_percent" for name in self.dvh.volume_percent)]
        )
        columns = [self.dvh.dose_Gy, *self.dvh.volume_percent.values()]
        writer.writerows([f"{v:.6g}" for v in row] for row in zip(*columns, strict=True))
        return text.getvalue()


def read_result(folder: Path) -> tuple[dict[str, Any], dict[str, Volume]]:
    """
    Read a result folder back.

    Returns
    -------
    dict, dict of str to Volume
        The content of ``result.json``, and the volumes by key.

    Raises
    ------
    InvalidInput
        If the folder holds no finished result.
    """
    path = folder / LAST
    summary = _read_summary(path)
    volumes = {key: read_volume(folder / name, key) for key, name in summary["volumes"].items()}
    return summary, volumes


def unfinished_folder(output: Path) -> Path:
    """Beside an output folder: where a run keeps what it finished until the result is written."""
    output = output.resolve()
    return output.with_name(f".{output.name}.unfinished")


def check_inputs_kept(folder: Path, inputs: Iterable[Path]) -> None:
    """
    Refuse an output folder where a result would take the place of an input.

    Raises
    ------
    InvalidInput
        If an input lies in the folder under a name of a result's files, or the folder lies
        within an input, which is then a folder of DICOM files.
    """
    output = folder.resolve()
    for path in inputs:
        if path.is_dir() and output.is_relative_to(path.resolve()):
            raise InvalidInput(
                f"the output folder {folder} lies in the input {path}, which must not change; choose another."
            )
        lies_there = path.parent.resolve() == output
        of_result = path.name in _BESIDE_VOLUMES or any(
            pattern.fullmatch(path.name) for pattern in (_VOLUME, _TRANSFORM)
        )
        if lies_there and of_result:
            raise InvalidInput(
                f"the input {path} has the name of a result's file and would be overwritten; choose another "
                "output folder."
            )


def _names_of_earlier_result(folder: Path) -> set[str]:
    """The files of a finished result in a folder; none if there is no such."""
    try:
        summary = _read_summary(folder / LAST)
    except InvalidInput:
        return set()
    volumes = {n for n in summary["volumes"].values() if _VOLUME.fullmatch(str(n))}
    entries = [e for e in summary.get("registration") or [] if isinstance(e, dict)]
    transforms = {str(entry.get("transform")) for entry in entries}
    return {*_BESIDE_VOLUMES, *volumes, *filter(_TRANSFORM.fullmatch, transforms)}


def _read_summary(path: Path) -> dict[str, Any]:
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path.parent} holds no finished result ({error}).") from None
    schema = summary.get("schema") if isinstance(summary, dict) else None
    if schema != SCHEMA:
        raise InvalidInput(f"{path}: schema is {schema!r}; expected {SCHEMA!r}.")
    if not isinstance(summary.get("volumes"), dict):
        raise InvalidInput(f"{path} names no volumes; calculate the case again.")
    return summary
