"""The bundled sample case as DICOM; and a real CT, where it is there."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.errors import DONE
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.dicom.computed_tomography import ct_series
from LuDosimetryLib.dicom_files.folder import dicom_files, series_of
from LuDosimetryLib.image.volume import read_volume

from ..conftest import read_folder

ROOT = Path(__file__).resolve().parents[2]
REAL_CT = ROOT.parent / "shared" / "data" / "ct_dicom"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nm", "pt"])
def test_the_sample_case(study, imported, tmp_path, kind):
    from highdicom.seg import segread

    assert main(["sample", "-o", str(tmp_path / "sample")]) == DONE
    file = tmp_path / "sample" / "case.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["options"] = {"dose_method": "multi-vsv"}
    content["segmentation"].pop("differences")
    file.write_text(json.dumps(content), encoding="utf-8")
    for n, point in enumerate(content["time_points"]):
        volume = read_volume(tmp_path / "sample" / point["spect"], "")
        values = volume.values.astype(float)
        if kind == "nm":
            study.nm(f"nm{n}.dcm", values, volume.grid, point["hours"], backwards=True)
        else:
            study.pt(f"pt{n}", values, volume.grid, point["hours"], decay="ADMIN", beds=2)
    ct = read_volume(tmp_path / "sample" / "ct.nrrd", "")
    study.ct("ct", ct.values, ct.grid, syntax="jpeg2000")
    _add_organs(study, tmp_path / "sample" / "organs.seg.nrrd", content, ct.grid)
    case = imported(study.folder)
    for name, path in (("expected", file), ("result", case)):
        method = ("--dose-method", "multi-vsv")
        assert main(["run", str(path), "-o", str(tmp_path / name), *method]) == DONE
    expected, _ = read_folder(tmp_path / "expected")
    found, volumes = read_folder(tmp_path / "result")
    assert len(expected["organs"]) == 10  # kidneys apart and together
    doses = {organ["name"]: organ["mean_dose_Gy"] for organ in found["organs"]}
    assert doses == pytest.approx(
        {organ["name"]: organ["mean_dose_Gy"] for organ in expected["organs"]}, rel=1e-3
    )
    path = tmp_path / "result" / "dose.dcm"
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))  # ITK leaves the scaling out
    dose = stored * float(pydicom.dcmread(path).DoseGridScaling)
    assert np.abs(dose - volumes["dose"].values).max() < 1e-4 * volumes["dose"].values.max()
    assert segread(tmp_path / "result" / "organs_seg.dcm").number_of_segments == 10


def _add_organs(study, path, content, grid):
    """One SEG for each segment, since the writer takes labels."""
    from LuDosimetryLib.case.parts import Segmentation
    from LuDosimetryLib.voi.read import read_vois

    vois = read_vois(Segmentation(path, content["segmentation"]["labels"]), grid)
    for n, (name, mask) in enumerate(vois.items()):
        study.seg(f"organ{n}.dcm", mask.astype(int), {1: name}, grid)


@pytest.mark.slow
def test_a_real_ct_reads_with_its_values_and_place():
    if not REAL_CT.is_dir():
        pytest.skip("the real CT is not here")
    log = Log()
    headers = dicom_files(REAL_CT, log)
    (series,) = series_of(headers)
    assert len(series) == 20
    volume = ct_series(series, log).read()
    files = [str(h.path) for h in sorted(headers, key=lambda h: h.number("SliceLocation"))]
    expected = sitk.ReadImage(files)
    np.testing.assert_array_equal(volume.values, sitk.GetArrayFromImage(expected))
    assert volume.values.dtype == np.int16
    assert (int(volume.values.min()), int(volume.values.max())) == (-1024, 1839)
    assert volume.grid.shape == (20, 512, 512)
    assert volume.grid.spacing_mm == pytest.approx((2.0, 0.9765625, 0.9765625))
    assert volume.grid.origin_mm == pytest.approx((-249.51171875, -437.51171875, -804.5))
    assert volume.grid.direction == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
