"""Real CTs that move in a known way, with activity: displacements and doses come back."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, read_volume, write_volume
from LuDosimetryLib.lab.phantom.random_uptake import patient_of_ct
from LuDosimetryLib.lab.phantom.sample import sample_patient
from LuDosimetryLib.lab.phantom.source import concentration_MBq_mL
from LuDosimetryLib.lab.phantom.virtual_case import VirtualPatient
from LuDosimetryLib.tissue.density import density_of, patient_mask
from LuDosimetryLib.voi.write import Segment, write_segmentation

DATA = Path(__file__).parents[3] / "shared" / "data"
REAL = {
    "sample": None,
    "thorax": DATA / "thorax_ct/ct.nii.gz",
    "liver": DATA / "training_ct/CRLM-CT-1004_ct_3mm.nii.gz",
}
HOURS = (24.0, 96.0)
SPECT_MM = 4.0
RESOLUTION_MM = 7.5
LARGE_ML = 15.0
"""Volumes of interest of the size of organs and tumours of 3 cm and more."""


def patient(name: str) -> VirtualPatient:
    """The sample's organs (the CT of abdomen_ct), or lumps of activity in a CT without labels."""
    path = REAL[name]
    if path is None:
        return sample_patient()
    if not path.exists():
        pytest.skip("no real CT here")
    ct = read_volume(path, name)
    if max(ct.grid.spacing_mm) < 2.0:
        merged = sitk.BinShrink(ct.to_sitk(), [2, 2, 2])
        ct = Volume(sitk.GetArrayFromImage(merged), Grid.of(merged))
    return patient_of_ct(ct, name, seed=3)


def motions(moving, grid: Grid, kind: str):
    middle = moving.middle_mm(grid)
    if kind == "rigid":
        return moving.RigidMotion((11.0, -12.0, 11.0), (6.0, -5.0, 6.0), middle)
    first = moving.RigidMotion((6.0, -4.0, 4.0), (2.0, -2.0, 3.0), middle)
    return moving.SmoothMotion(grid, 10.0, 40.0, 5, first)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rigid", "deformable"])
@pytest.mark.parametrize("name", REAL)
def test_displacements_and_doses(tmp_path, moving, name, kind):
    if name == "sample" and not DATA.exists():
        pytest.skip("of the sample, the smaller tests of this folder suffice")
    source = patient(name)
    ct = source.ct
    motion = motions(moving, ct.grid, kind)
    still = moving.RigidMotion((0, 0, 0), (0, 0, 0), (0, 0, 0))
    shape = tuple(
        int((n * s + 80.0) / SPECT_MM)
        for n, s in zip(ct.grid.shape, ct.grid.spacing_mm, strict=True)
    )
    spect = Grid.axial(shape, (SPECT_MM,) * 3, moving.middle_mm(ct.grid))
    scan_grid = moving.grid(ct.grid, motion, degrees=(3, -4, 6) if kind == "rigid" else (0, 0, 0))
    scan = moving.ct(ct, scan_grid, motion, seed=4)

    def seen(hours: float, how) -> np.ndarray:
        activity = Volume(concentration_MBq_mL(source.sources, ct.grid.shape, hours), ct.grid)
        return moving.activity(activity, spect, how, RESOLUTION_MM) * np.float32(1e6)

    for file, values, grid in (
        ("ct_1.nrrd", ct.values, ct.grid),
        ("ct_2.nrrd", scan.values, scan.grid),
        ("spect_1.nrrd", seen(HOURS[0], still), spect),
        ("spect_2.nrrd", seen(HOURS[1], motion), spect),
        ("still_2.nrrd", seen(HOURS[1], still), spect),
    ):
        write_volume(tmp_path / file, Volume(values, grid), "")
    segments = [Segment(s.name, s.mask) for s in source.segments]
    write_segmentation(tmp_path / "organs.seg.nrrd", segments, ct.grid)

    def result(second: dict[str, str], registration: str):
        points = [{"hours": HOURS[0], "spect": "spect_1.nrrd", "ct": "ct_1.nrrd"}]
        points.append({"hours": HOURS[1], **second})
        data = {
            "schema": "ludosimetry-case/1",
            "time_points": points,
            "segmentation": {
                "file": "organs.seg.nrrd",
                "labels": {s.identity: s.name for s in segments},
            },
            "options": {
                "dose_method": "local",
                "integration": "trapezoid",
                # an effective tail would let an error of the second scan count twice
                "tail": "physical",
                "registration": registration,
            },
        }
        (tmp_path / "case.json").write_text(json.dumps(data), encoding="utf-8")
        return run_case(Case.read(tmp_path / "case.json"))

    moved = {"spect": "spect_2.nrrd", "ct": "ct_2.nrrd"}
    truth = result({"spect": "still_2.nrrd"}, "none")
    try:
        unregistered = {o.name: o.mean_dose_Gy for o in result(moved, "none").organs}
    except InvalidInput as error:  # so much activity beyond the CT that no dose is given
        unregistered = {}
        print(f"\nunregistered: {error}")
    found = result(moved, kind)
    transform = found.alignments[1].transform
    assert found.alignments[1].method == kind
    body = patient_mask(density_of(ct.values), ct.grid)
    error = moving.error_mm(transform, motion, body, ct.grid, scan.grid)
    low, high = found.alignments[1].volume_ratio
    print(
        f"\n{name}, {kind}: patient {error.mean():.2f} mm (P95 {np.percentile(error, 95):.2f}), "
        f"volumes {low:.2f} to {high:.2f}"
    )
    assert error.mean() < (1.0 if kind == "rigid" else 3.0)
    masks = {s.name: s.mask for s in segments}
    for organ, true in zip(found.organs, truth.organs, strict=True):
        if organ.name not in masks:  # both kidneys, each of which is asserted
            continue
        mask = masks[organ.name]
        error = moving.error_mm(transform, motion, mask, ct.grid, scan.grid)
        off = organ.mean_dose_Gy / true.mean_dose_Gy - 1.0
        unaligned = unregistered.get(organ.name, np.nan) / true.mean_dose_Gy - 1.0
        print(
            f"  {organ.name} ({organ.volume_mL:.0f} mL): "
            f"{error.mean() if error.size else np.nan:.2f} mm "
            f"(P95 {np.percentile(error, 95) if error.size else np.nan:.2f}), "
            f"dose {100 * off:+.2f} %, unregistered {100 * unaligned:+.1f} %"
        )
        if error.size:
            assert error.mean() < (1.0 if kind == "rigid" else 3.0)
        if organ.volume_mL > LARGE_ML:
            assert abs(off) < 0.01
