"""CT of a tilted gantry: on a right-angled grid it is the same patient."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.computed_tomography import ct_series
from LuDosimetryLib.dicom_files.folder import dicom_files, series_of
from LuDosimetryLib.image.grid import Grid

TILTED = Grid.axial((40, 50, 60), (3.0, 1.5, 1.2))


def smooth_patient(points):
    """HU at positions (x, y, z) [mm], shape (3, ...): linear, so that interpolation is exact."""
    x, y, z = points
    return 20.0 + 1.5 * x - 2.5 * y + 0.75 * z


def ball(points, centre=(4.0, 15.0, 2.0), radius_mm=18.0):
    offset = points - np.array(centre).reshape(3, *[1] * (points.ndim - 1))
    return np.where(np.sqrt((offset**2).sum(axis=0)) < radius_mm, 60.0, -1000.0)


def write_tilted(study, patient, drift_mm):
    """Slices whose positions drift along columns and rows [mm a slice]; as a scanner samples them."""

    def tilt(ds, k):
        x, y, z = map(float, ds.ImagePositionPatient)
        ds.ImagePositionPatient = [f"{x + drift_mm[1] * k:.10g}", f"{y + drift_mm[0] * k:.10g}", z]

    k, j, i = np.indices(TILTED.shape)
    x, y, z = TILTED.positions(np.stack([i, j, k]).reshape(3, -1).astype(float))
    x, y, z = (a.reshape(TILTED.shape) for a in (x, y, z))
    x, y = x + drift_mm[1] * k, y + drift_mm[0] * k
    hu = np.rint(patient(np.stack([x, y, z]))).astype(int)
    study.ct("ct", hu, TILTED, change=tilt)


def read(study, log):
    (series,) = series_of(dicom_files(study.folder, log))
    return ct_series(series, log).read()


def inside(grid, drift_mm):
    """Voxels of a grid that the tilted slices reach, with what is needed to interpolate, and positions."""
    k, j, i = np.indices(grid.shape)
    points = grid.positions(np.stack([i, j, k]).reshape(3, -1).astype(float))
    at = TILTED.indices(points)
    i, j = (at[n] - drift_mm[1 - n] * at[2] / TILTED.spacing_mm[2 - n] for n in (0, 1))
    fine = (i >= 0) & (i <= TILTED.shape[2] - 1) & (j >= 0) & (j <= TILTED.shape[1] - 1)
    return fine.reshape(grid.shape), points.reshape(3, *grid.shape)


@pytest.mark.parametrize("drift_mm", [(0.9, 0.0), (-1.1, 0.0), (0.0, 0.4), (-0.8, -0.3)])
def test_values_lie_where_they_were_measured(study, drift_mm):
    write_tilted(study, smooth_patient, drift_mm)
    log = Log()
    volume = read(study, log)
    fine, points = inside(volume.grid, drift_mm)
    assert fine.sum() > 0.9 * np.prod(TILTED.shape)
    # half a unit by rounding when stored
    assert np.abs(volume.values - smooth_patient(points))[fine].max() < 0.51
    assert (volume.values[~fine] <= volume.values[fine].max()).all()
    angle = np.degrees(np.arctan(np.hypot(*drift_mm) / 3.0))
    assert f"tilted by {angle:.1f} degrees" in log.remarks[0]


def test_a_ball_keeps_its_place_and_volume(study):
    write_tilted(study, ball, (1.05, 0.0))
    volume = read(study, Log())
    part = (volume.values + 1000.0) / 1060.0
    voxel_mm3 = np.prod(volume.grid.spacing_mm)
    assert part.sum() * voxel_mm3 == pytest.approx(4 / 3 * np.pi * 18.0**3, rel=5e-3)
    k, j, i = np.indices(volume.grid.shape).reshape(3, -1)
    centre = (volume.grid.positions(np.stack([i, j, k]).astype(float)) * part.reshape(-1)).sum(1)
    np.testing.assert_allclose(centre / part.sum(), (4.0, 15.0, 2.0), atol=0.1)


def test_doses_by_a_tilted_ct(study, imported, case_folder):
    """The doses of the case, but for what an interpolation of the CT does to the lung's border."""
    from LuDosimetryLib import Case, run_case

    hu, grid = study.volume("ct.nrrd")
    drift = 0.6
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(grid.spacing_mm[::-1])
    image.SetOrigin(grid.origin_mm)
    slices = [
        sitk.GetArrayFromImage(
            sitk.Resample(
                image[:, :, k], image[:, :, k],
                sitk.TranslationTransform(2, (0.0, drift * (k - 24))), sitk.sitkLinear, -1000.0,
            )
        )
        for k in range(grid.shape[0])
    ]  # fmt: skip

    def tilt(ds, k):
        x, y, z = map(float, ds.ImagePositionPatient)
        ds.ImagePositionPatient = [x, f"{y + drift * (k - 24):.10g}", z]

    study.nm_scans()
    study.ct("ct", np.rint(np.stack(slices)).astype(int), grid, change=tilt)
    labels, own = study.volume("organs.nrrd")
    study.seg("organs.dcm", labels, study.names, own)
    case = imported(study.folder)
    content = json.loads(case.read_text(encoding="utf-8"))
    content["options"] |= {"dose_method": "local", "integration": "trapezoid"}
    case.write_text(json.dumps(content), encoding="utf-8")
    doses = {o.name: o.mean_dose_Gy for o in run_case(Case.read(case)).organs}
    for organ in run_case(Case.read(case_folder.file)).organs:
        near = 0.05 if organ.name == "lung" else 1e-3
        assert doses[organ.name] == pytest.approx(organ.mean_dose_Gy, rel=near)


def test_other_faults_are_no_tilt(study, refused_import):
    """Slices that jump sideways, or are shifted more than a gantry can."""

    def jump(ds, k):
        x, y, z = map(float, ds.ImagePositionPatient)
        ds.ImagePositionPatient = [x, y + (7.0 if k == 9 else 0.0), z]

    def steep(ds, k):
        x, y, z = map(float, ds.ImagePositionPatient)
        ds.ImagePositionPatient = [x, y + 4.0 * k, z]

    study.nm_scans()
    hu, grid = study.volume("ct.nrrd")
    study.ct("ct", hu, grid, change=jump)
    assert "missing, repeated or displaced" in refused_import(study.folder)
    for path in (study.folder / "ct").iterdir():
        path.unlink()
    study.ct("ct", hu, grid, change=steep)
    assert "ImagePositionPatient (0020,0032) shifts slices as a gantry tilted by 53 degrees" in (
        refused_import(study.folder)
    )
