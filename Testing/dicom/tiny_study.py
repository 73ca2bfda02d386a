"""A study small enough for a table of many: two hot balls in a body, seen by NM, PT and CT."""

import json
import re
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from LuDosimetryLib.image.grid import Grid

from .region_writer import RegionWriter

SPECT = Grid.axial((10, 12, 14), (12.0, 12.0, 12.0))
CT = Grid.axial((20, 24, 28), (6.0, 6.0, 6.0))
BALL_MM = (-36.0, 0.0, -12.0)
"""Centre (x, y, z) of the hotter ball."""
HALF_LIVES_H = (55.0, 90.0)


def _from(grid: Grid, centre: tuple[float, float, float]) -> np.ndarray:
    at = grid.positions(np.indices(grid.shape).reshape(3, -1)[::-1])
    return np.linalg.norm(at - np.array(centre)[:, None], axis=0).reshape(grid.shape)


def activity(hours: float, moved_mm: float = 0.0) -> np.ndarray:
    """Activity concentration [Bq/mL] of the patient, moved towards the head."""
    values = np.full(SPECT.shape, 300.0)
    other = (36.0, -12.0, 24.0)
    for (x, y, z), radius, start, half in zip(
        (BALL_MM, other), (25.0, 20.0), (9e5, 5e5), HALF_LIVES_H, strict=True
    ):
        distance = _from(SPECT, (x, y, z + moved_mm))
        values += start * exp(-log(2.0) / half * hours) / (1.0 + np.exp((distance - radius) / 4.0))
    return values


def hounsfield(moved_mm: float = 0.0) -> np.ndarray:
    """CT numbers [HU] of a body with a spine, lungs and air around."""
    x, y, z = CT.positions(np.indices(CT.shape).reshape(3, -1)[::-1]).reshape(3, *CT.shape)
    z = z - moved_mm
    hu = np.where((x / 78.0) ** 2 + (y / 64.0) ** 2 < 1.0, 20.0, -1000.0)
    hu[(np.abs(x) < 9.0) & (np.abs(y - 40.0) < 9.0)] = 400.0
    hu[_from(CT, (-30.0, -20.0, 40.0 + moved_mm)) < 18.0] = -750.0
    hu[_from(CT, (30.0, 10.0, -36.0 + moved_mm)) < 15.0] = -750.0
    return np.rint(hu).astype(int)


def circle(centre: tuple[float, float], radius: float, corners: int = 60) -> np.ndarray:
    """Corners (x, y) of a circle [mm]."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    return np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])


class TinyStudy(RegionWriter):
    """Writes the patient; `new_visit` begins another study and frame of reference."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ct_uid = ""

    def new_visit(self) -> None:
        self.study_uid, self.frame_uid = generate_uid(), generate_uid()

    def spect(self, hours: float, name: str = "", moved_mm: float = 0.0, **options: Any) -> Path:
        options.setdefault("decay", "START")
        return self.nm(
            name or f"nm{hours:g}.dcm", activity(hours, moved_mm), SPECT, hours, **options
        )

    def pet(self, hours: float, name: str = "", **options: Any) -> list[Path]:
        return self.pt(name or f"pt{hours:g}", activity(hours), SPECT, hours, **options)

    def tomogram(
        self, hours: float, name: str = "ct", moved_mm: float = 0.0, change: Any = None
    ) -> str:
        self.ct_uid = self.ct(name, hounsfield(moved_mm), CT, hours, change=change)
        return self.ct_uid

    def structures(
        self, contours: dict[str, list[np.ndarray]], name: str = "rs.dcm", change: Any = None
    ) -> Path:
        """Structures by name, of closed contours of corners (x, y, z) [mm]."""
        ds = self.base("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT", generate_uid())
        series, study, frame = Dataset(), Dataset(), Dataset()
        series.SeriesInstanceUID = self.ct_uid
        study.RTReferencedSeriesSequence = [series]
        frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = self.frame_uid, [study]
        ds.ReferencedFrameOfReferenceSequence = [frame]
        ds.StructureSetROISequence, ds.ROIContourSequence = [], []
        for number, (label, corners) in enumerate(contours.items(), start=1):
            roi, structure = Dataset(), Dataset()
            roi.ROINumber, roi.ROIName = number, label
            structure.ReferencedROINumber, structure.ContourSequence = number, []
            for points in corners:
                contour = Dataset()
                contour.ContourGeometricType = "CLOSED_PLANAR"
                contour.NumberOfContourPoints = len(points)
                contour.ContourData = [f"{x:.8g}" for x in np.asarray(points).reshape(-1)]
                structure.ContourSequence.append(contour)
            ds.StructureSetROISequence.append(roi)
            ds.ROIContourSequence.append(structure)
        if change:
            change(ds)
        return self.save(ds, name)

    def organ(self, **options: Any) -> Path:
        """The hotter ball as a cylinder of contours on the slices of the CT."""
        heights = [BALL_MM[2] + dz + 3.0 for dz in (-18.0, -12.0, -6.0, 0.0, 6.0, 12.0)]
        ring = circle(BALL_MM[:2], 24.0)
        planes = [np.column_stack([ring, np.full(len(ring), z)]) for z in heights]
        return self.structures({"kidney": planes}, **options)


def remedies(message: str) -> list[dict]:
    """What a message says to put into --supply: every JSON object in it, "..." for what the user knows."""
    found, at = [], 0
    text = re.sub(r'(?<!")\.\.\.(?!")', '"..."', message)
    # an entry of the outermost object may stand without its braces
    text = re.sub(r'(?<![{ ,])("administered_\w+|"time_zone)', r"\1", text)
    while (at := text.find("{", at)) >= 0:
        try:
            data, end = json.JSONDecoder().raw_decode(text[at:])
        except ValueError:
            at += 1
            continue
        found.append(data)
        at += end
    for key, value in re.findall(r'"(administered_at|time_zone)": "([^"]+)"', text):
        found.append({key: value})
    for key in re.findall(r'give "(administered_activity_MBq)"', text):
        found.append({key: "..."})
    return found


def filled(remedy: Any, **values: Any) -> Any:
    """A remedy with the user's values in the places of "...", by key."""
    if isinstance(remedy, dict):
        return {
            key: values[key] if value == "..." else filled(value, **values)
            for key, value in remedy.items()
        }
    return remedy
