"""A study of three days on each of which the patient lies elsewhere, written as cameras write it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.uid import generate_uid

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.dicom.case_import import import_case
from LuDosimetryLib.dicom.supplement import Supplement
from LuDosimetryLib.image.arrays import Array
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.lab.phantom.sample import sample_patient
from LuDosimetryLib.lab.phantom.source import concentration_MBq_mL
from LuDosimetryLib.lab.phantom.virtual_case import VirtualPatient

from ..dicom.region_writer import RegionWriter
from .motion import RigidMotion, middle_mm, moved_activity, moved_ct, other_grid

HOURS = (24.0, 96.0, 168.0)
RESOLUTION_MM = 7.5
_ABDOMEN = slice(40, 112)
"""Slices of the sample's CT that are scanned: from the liver to the iliac crest."""
SPECT_MM = 4.8
_AROUND_MM = 60.0
_ASIDE_MM = (0.7, -0.4, 1.1)
"""Of the CT's middle, so that no voxel of the SPECT lies between two of the CT by a hair."""
_BEFORE_H = 0.2
"""Of each CT before its SPECT."""
_LAY = (
    ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    ((11.0, -12.0, 11.0), (6.0, -5.0, 6.0)),
    ((-9.0, 8.0, -14.0), (-3.0, 4.0, -5.0)),
)
"""Shifts (x, y, z) [mm] and rotations [degrees] of the patient on each day."""
_CT_TURNED = ((0.0, 0.0, 0.0), (3.0, -4.0, 6.0), (-2.0, 3.0, -5.0))
"""Rotation of the slices of each day's CT [degrees]."""


AGREE = 0.01
"""Greatest deviation of a mean organ dose from that of the patient who lies still."""


@dataclass(frozen=True)
class MultiDay:
    """
    The study, and what is right.

    Attributes
    ----------
    folder : Path
        The DICOM files.
    expected_Gy : mapping of str to float
        Mean organ doses of the same patient lying still, in one frame of reference.
    expected_MBq_h : mapping of str to float
        Their time-integrated activities.
    segmentation : Path
        The organs on the first day's CT, for Slicer (``.seg.nrrd``).
    """

    folder: Path
    expected_Gy: Mapping[str, float]
    expected_MBq_h: Mapping[str, float]
    segmentation: Path

    @classmethod
    def written(cls, folder: Path) -> "MultiDay":
        """Write both studies, and calculate the one of the patient who lies still."""
        still = write_multi_day(folder / "still", moved=False)
        case = Case.read(import_case(still, folder / "still_case", Supplement()))
        assert case.options.registration == "none"
        organs = run_case(case).organs
        assert len(organs) == 9
        expected = {organ.name: organ.mean_dose_Gy for organ in organs}
        integrals = {organ.name: organ.tia_MBq_h for organ in organs}
        moved = write_multi_day(folder / "moved", moved=True)
        return cls(moved, expected, integrals, case.folder / "organs.seg.nrrd")

    def check(self, found_Gy: Mapping[str, float]) -> None:
        """Compare the organ doses of the patient who moved."""
        _check(found_Gy, self.expected_Gy, "Gy")

    def check_integrals(self, found_MBq_h: Mapping[str, float]) -> None:
        """Compare the time-integrated activities of the patient who moved."""
        _check(found_MBq_h, self.expected_MBq_h, "MBq h")


def _check(found: Mapping[str, float], expected: Mapping[str, float], unit: str) -> None:
    assert list(found) == list(expected)
    off = {name: found[name] / value - 1.0 for name, value in expected.items()}
    for name, value in expected.items():
        print(f"{name}: {value:.4g} {unit}, {found[name]:.4g} {unit}, {100 * off[name]:+.2f} %")
    assert max(map(abs, off.values())) < AGREE, off


def write_multi_day(folder: Path, *, moved: bool) -> Path:
    """
    Write the patient of the sample case, a real CT, at three times without noise.

    Parameters
    ----------
    folder : Path
    moved : bool
        Whether the patient comes on three days, each with a frame of reference, a place on the
        couch and a CT of its own: shifts of some 20 mm and rotations of up to 6 degrees. Otherwise
        the patient lies still in one frame of reference, and has one CT.
    """
    patient = sample_patient()
    across = [slice(0, n) for n in patient.ct.grid.shape[1:]]
    ct = Volume(patient.ct.values[_ABDOMEN], patient.ct.grid.crop((_ABDOMEN, *across)))
    middle = middle_mm(ct.grid)
    days = [RigidMotion(*(lay if moved else _LAY[0]), middle) for lay in _LAY]
    spect = _spect_grid(ct.grid)
    writer = RegionWriter(folder)
    for n, (hours, motion) in enumerate(zip(HOURS, days, strict=True)):
        if moved and n:
            writer.study_uid, writer.frame_uid = generate_uid(), generate_uid()
        whole = concentration_MBq_mL(patient.sources, patient.ct.grid.shape, hours)
        activity = Volume(whole[_ABDOMEN], ct.grid)
        seen = 1e6 * moved_activity(activity, spect, motion, RESOLUTION_MM).astype(np.float64)
        if n == 1:
            writer.pt(f"day{n}/pt", seen, spect, hours)
        else:
            writer.nm(f"day{n}/nm.dcm", seen, spect, hours, decay="START")
        if n == 0:
            writer.ct("day0/ct", _whole(ct.values), ct.grid, hours - _BEFORE_H)
            writer.seg("day0/seg.dcm", *_labels(patient), ct.grid)
        elif moved:
            grid = other_grid(ct.grid, motion, degrees=_CT_TURNED[n])
            scan = moved_ct(ct, grid, motion, seed=4 + n)
            writer.ct(f"day{n}/ct", _whole(scan.values), grid, hours - _BEFORE_H)
    return folder


def _spect_grid(ct: Grid) -> Grid:
    shape = tuple(
        int((n * s + _AROUND_MM) / SPECT_MM) for n, s in zip(ct.shape, ct.spacing_mm, strict=True)
    )
    x, y, z = (a + b for a, b in zip(middle_mm(ct), _ASIDE_MM, strict=True))
    return Grid.axial(shape, (SPECT_MM,) * 3, (x, y, z))


def _whole(hu: Array) -> Array:
    return np.clip(np.rint(hu), -1024, 3071).astype(int)


def _labels(patient: VirtualPatient) -> tuple[Array, dict[int, str]]:
    """Labels of the abdominal organs, of which tumours take their part; and their names."""
    segments = [s for s in patient.segments if s.mask[_ABDOMEN].any()]
    labels = np.zeros(patient.ct.grid.shape, np.uint8)[_ABDOMEN]
    for value, segment in enumerate(segments, start=1):
        labels[segment.mask[_ABDOMEN]] = value
    return labels, {value: s.name for value, s in enumerate(segments, start=1)}
