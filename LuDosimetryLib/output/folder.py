"""The result folder: everything written at once, or nothing, and read back."""

import json
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..activity.curve import curve_table
from ..activity.integration import MODELS
from ..base.checks import shown
from ..base.errors import Cancelled, InvalidInput
from ..base.log import Log
from ..base.progress import Progress, no_progress
from ..base.storage import LAST, check_outside, staged
from ..image.volume import read_volume
from ..organs.organ_dose import cumulative_dvh
from ..registration.alignment import Alignment
from ..report.result_report import write_report
from ..result.result import ResultData
from .dicom.export import FILES as DICOM_FILES
from .dicom.export import study_of, write_objects
from .masks import REPORTED, VOIS, read_masks, read_reported, segment_names, write_masks
from .summary import (
    CURVES,
    DVH,
    ORGANS,
    REPORT,
    SCHEMA,
    STANDARD_ERROR,
    Summary,
    file_in,
    read_summary,
)
from .tables import dvh_table, organ_table
from .volumes import VOLUME_NAME, read_on_grid, volumes_of, write_volumes

__all__ = ["Result", "check_inputs_kept", "checkpoint_folder", "summary_of"]

_REPORT_ROOM_BYTES = 8_000_000
_BESIDE_VOLUMES = (LAST, ORGANS, DVH, CURVES, REPORT, VOIS, REPORTED, *DICOM_FILES)
_TRANSFORM_NAME = re.compile(r"transform_\d+\.tfm", re.ASCII)


class Result(ResultData):
    """A finished calculation that can be written to a folder and read back; see `ResultData`."""

    def write(self, folder: str | Path, progress: Progress = no_progress) -> None:
        """
        Write the result folder: all of it, or nothing.

        Files are made in a folder within it and moved in at the end, ``result.json`` last. The
        files of an earlier result go; all others stay.

        Parameters
        ----------
        folder : str or Path
            Made if need be.
        progress : callable
            ``(fraction, message)``; raising `Cancelled` from it leaves the folder as it was.

        Raises
        ------
        InvalidInput
            If the folder cannot be written, the disk is full, or an input would be overwritten.
        """
        started = time.perf_counter()
        folder = Path(folder)
        check_inputs_kept(folder, self.inputs)
        log = Log(progress)
        with (
            self._checkpoint_removed_if_cancelled(),
            staged(folder, self._bytes(), _files_of_earlier_result(folder)) as stage,
        ):
            log.at(0.95, "writing the volumes")
            write_volumes(self, stage)
            write_masks(self, stage)
            for alignment in self.alignments:
                if alignment.file_name is not None:
                    sitk.WriteTransform(alignment.transform, str(stage / alignment.file_name))
            (stage / ORGANS).write_text(organ_table(self), encoding="utf-8")
            (stage / DVH).write_text(dvh_table(self.dvh), encoding="utf-8")
            if self.curves:
                table = curve_table(self.curves.values())
                (stage / CURVES).write_text(table, encoding="utf-8")
            self._time_writing(started)
            log.at(0.96, "writing the DICOM objects")
            write_objects(self, stage, log)
            self.warnings += [text for text in log.remarks if text not in self.warnings]
            log.at(0.97, "writing the report")
            write_report(self, stage / REPORT)
            self._time_writing(started)
            text = json.dumps(summary_of(self), indent=1, allow_nan=False) + "\n"
            (stage / LAST).write_text(text, encoding="utf-8")
            log.at(0.99, "written")
        self._remove_checkpoint()

    @classmethod
    def read(cls, folder: str | Path) -> "Result":
        """
        Read a result folder back.

        The result is the one that was written, but for what a folder does not keep: the pictures
        of the registration (`Alignment.overlay`), the DICOM study that the case came from
        (`dicom`, so that objects written again belong to a new study), and what only concerns the
        calculation itself (`inputs`, `checkpoint`). Places in the patient are those of the files,
        exact to rounding.

        Parameters
        ----------
        folder : str or Path

        Raises
        ------
        InvalidInput
            One sentence that names what is missing, damaged, or does not belong together.
        """
        folder = Path(folder)
        summary = read_summary(folder)
        if summary.vois is None:
            raise InvalidInput(
                f"{folder} was written by version {summary.provenance.get('version', '0.1.0')}, which did not keep the "
                "masks of volumes of interest; calculate the case again."
            )
        names = [*(organ.name for organ in summary.organs), *(c.name for c in summary.curves)]
        for name in names:
            if name not in summary.vois.values():
                raise InvalidInput(
                    f"{folder / LAST}: vois has no {shown(name)}, of which there is a dose; calculate the case again."
                )
        paths = {key: file_in(folder, name) for key, name in summary.volumes.items()}
        for key in ("tia", "density"):
            if key not in paths:
                raise InvalidInput(
                    f"{folder / LAST}: volumes has no {key!r}; calculate the case again."
                )
        dose = read_volume(paths["dose"], "dose")
        grid = dose.grid
        doses = {
            method: read_on_grid(paths[summary.dose_key(method)], summary.dose_key(method), grid)
            for method in summary.methods
        }
        model = None
        if "tia_model" in paths:
            model = read_on_grid(paths["tia_model"], "tia_model", grid).astype(np.uint8)
        reported = read_reported(folder, grid)
        vois = read_masks(folder, summary.vois, grid)
        return cls(
            case=summary.case,
            dose_method=summary.dose_method,
            grid=grid,
            tia=read_on_grid(paths["tia"], "tia", grid),
            density=read_on_grid(paths["density"], "density", grid),
            reported=reported,
            doses=doses,
            vois=vois,
            organs=list(summary.organs),
            dvh=cumulative_dvh(doses[summary.dose_method], vois, reported),
            timing_s=summary.timing_s,
            provenance=summary.provenance,
            warnings=list(summary.warnings),
            warnings_of_vois={name: list(of) for name, of in summary.warnings_of_vois.items()},
            standard_errors={
                method: read_on_grid(paths[key], key, grid)
                for method in summary.methods
                if (key := summary.dose_key(method) + STANDARD_ERROR) in paths
            },
            curves={curve.name: curve for curve in summary.curves},
            tia_model=model,
            alignments=_alignments(summary, folder),
        )

    @contextmanager
    def _checkpoint_removed_if_cancelled(self) -> Iterator[None]:
        try:
            yield
        except Cancelled:
            self._remove_checkpoint()
            raise

    def _remove_checkpoint(self) -> None:
        if self.checkpoint is not None:
            shutil.rmtree(self.checkpoint, ignore_errors=True)

    def _time_writing(self, started: float) -> None:
        self.timing_s["write"] = time.perf_counter() - started
        self.timing_s["total"] = sum(v for k, v in self.timing_s.items() if k != "total")

    def _bytes(self) -> int:
        return (
            self.dose.size * 4 * (3 * len(self.doses) + len(self.standard_errors))
            + _REPORT_ROOM_BYTES
        )


def summary_of(result: ResultData) -> dict[str, Any]:
    """Content of ``result.json`` of a result."""
    return {
        "schema": SCHEMA,
        "status": "completed",
        "dose_method": result.dose_method,
        "volumes": {key: volume.file for key, volume in volumes_of(result).items()},
        "masks": {"reported": REPORTED} | ({"vois": VOIS} if result.vois else {}),
        "vois": segment_names(result.vois),
        "organs": [asdict(organ) for organ in result.organs],
        "curves": [curve.as_dict() for curve in result.curves.values()],
        "tia_models": {} if result.tia_model is None else {str(n): m for n, m in MODELS.items()},
        "timing_s": result.timing_s,
        "provenance": result.provenance,
        "registration": [alignment.summary() for alignment in result.alignments],
        "warnings": result.warnings,
        "warnings_of_vois": result.warnings_of_vois,
        "case": result.case,
        "dicom": {"study": study_of(result)},
    }


def checkpoint_folder(output: Path) -> Path:
    """Folder beside an output folder where a run keeps what it finished until the result is written."""
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
    given = list(inputs)
    check_outside(folder, given)
    output = folder.resolve()
    for path in given:
        of_result = path.name in _BESIDE_VOLUMES or any(
            pattern.fullmatch(path.name) for pattern in (VOLUME_NAME, _TRANSFORM_NAME)
        )
        if path.parent.resolve() == output and of_result:
            raise InvalidInput(
                f"the input {path} has the name of a result's file and would be overwritten; choose another "
                "output folder."
            )


def _files_of_earlier_result(folder: Path) -> set[str]:
    """Names of the files of a finished result in a folder; none if there is no such."""
    try:
        summary = read_summary(folder)
    except InvalidInput:
        return set()
    transforms = (entry.transform or "" for entry in summary.registration)
    return {
        *_BESIDE_VOLUMES,
        *filter(VOLUME_NAME.fullmatch, summary.volumes.values()),
        *filter(_TRANSFORM_NAME.fullmatch, transforms),
    }


def _alignments(summary: Summary, folder: Path) -> list[Alignment]:
    """How every scan was brought to the reference, without pictures."""
    hours = [point.hours for point in summary.asked.time_points]
    found = []
    for n, entry in enumerate(summary.registration):
        information, ratio = entry.mutual_information_bit, entry.volume_ratio
        found.append(
            Alignment(
                time_point=hours.index(entry.hours) if entry.hours in hours else n,
                hours=entry.hours,
                method=entry.method,
                by=entry.by,
                transform=None
                if entry.transform is None
                else _transform(file_in(folder, entry.transform)),
                information_bit=None
                if information is None
                else (information.before, information.after),
                volume_ratio=(ratio.least, ratio.greatest),
                displacement_mm=entry.displacement_mm,
            )
        )
    return found


def _transform(path: Path) -> sitk.Transform:
    try:
        return sitk.ReadTransform(str(path))
    except RuntimeError:
        raise InvalidInput(
            f"{path} cannot be read as a transform; calculate the case again."
        ) from None
