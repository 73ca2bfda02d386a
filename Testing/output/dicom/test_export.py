"""DICOM objects of a result: valid, and the same numbers for other readers."""

import csv
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.errors import DONE
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.image.volume import Volume, write_volume
from LuDosimetryLib.organs.quantities import FAMILIES, QUANTITIES
from LuDosimetryLib.output.dicom.export import FILES, NEW_STUDY, SOURCE_STUDY
from LuDosimetryLib.output.dicom.organ_dose_report import family_code
from LuDosimetryLib.output.tables import HOW_MADE

from ...conftest import CaseFolder, read_folder
from ...dicom.conftest import SmallStudy

pydicom = pytest.importorskip("pydicom")
highdicom = pytest.importorskip("highdicom")


@pytest.fixture(scope="module", params=["nrrd", "left-handed nrrd", "dicom nm", "dicom pt"])
def written(request, tmp_path_factory):
    """A result and its folder, for tests that change neither."""
    folder = tmp_path_factory.mktemp("export")
    case_folder = CaseFolder(folder / "case")
    file = case_folder.file
    if request.param.startswith("dicom"):
        case_folder.change("administered_activity_MBq", to=None)
        study = SmallStudy(folder / "dicom", case_folder)
        (study.nm_scans if request.param == "dicom nm" else study.pt_scans)()
        study.anatomy()
        assert main(["dicom-import", str(study.folder), "-o", str(folder / "imported")]) == DONE
        file = folder / "imported" / "case.json"
    if request.param == "left-handed nrrd":
        for n in (1, 2, 3):
            _turn_over(case_folder.folder / f"spect_{n}.nrrd")
    result = run_case(Case.read(file).with_options(dose_method="local", integration="trapezoid"))
    result.write(folder / "written")
    return result, folder / "written"


def _turn_over(path):
    """The same image with its slices from head to foot."""
    image = sitk.ReadImage(str(path))
    grid = Grid.of(image)
    last = grid.positions(np.array([[0], [0], [grid.shape[0] - 1]]))[:, 0]
    direction = np.array(grid.direction).reshape(3, 3) * (1, 1, -1)
    turned = Grid(grid.shape, grid.spacing_mm, tuple(last), tuple(direction.reshape(-1)))
    write_volume(path, Volume(sitk.GetArrayFromImage(image)[::-1].copy(), turned), "")


@pytest.mark.slow
def test_dciodvfy_finds_no_error(written):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian, Ubuntu: apt-get install dicom3tools)")
    _, folder = written
    for name in FILES:
        done = subprocess.run(
            ["dciodvfy", str(folder / name)], capture_output=True, text=True, check=False
        )
        errors = [line for line in (done.stdout + done.stderr).splitlines() if "Error" in line]
        assert errors == [], name
        assert done.returncode == 0, (name, done.stderr)


def at_voxels(image, grid):
    """An image of SimpleITK at the voxels of a grid."""
    reference = Volume(np.zeros(grid.shape, np.float32), grid).to_sitk()
    same = sitk.Resample(image, reference, sitk.Transform(), sitk.sitkNearestNeighbor, -1.0)
    return sitk.GetArrayFromImage(same)


@pytest.mark.slow
def test_another_reader_finds_the_dose(written):
    result, folder = written
    image = sitk.ReadImage(str(folder / "dose.dcm"))
    scaling = float(pydicom.dcmread(folder / "dose.dcm").DoseGridScaling)
    values = sitk.GetArrayFromImage(image) * scaling  # which ITK leaves out
    np.testing.assert_allclose(values.max(), result.dose.max(), rtol=1e-4)
    stored = sitk.GetImageFromArray(values)
    stored.CopyInformation(image)
    found = at_voxels(stored, result.grid)
    assert np.abs(found - result.dose).max() < 1e-4 * result.dose.max()


@pytest.mark.slow
def test_the_dose_by_its_tags(written):
    """Positions as SlicerRT takes them: the first frame's, and offsets along the normal."""
    result, folder = written
    ds = pydicom.dcmread(folder / "dose.dcm")
    assert (ds.DoseUnits, ds.DoseType, ds.DoseSummationType) == ("GY", "PHYSICAL", "PLAN")
    values = ds.pixel_array * float(ds.DoseGridScaling)
    i, j = np.array(ds.ImageOrientationPatient).reshape(2, 3)
    offsets = np.array(ds.GridFrameOffsetVector, float)
    assert offsets[0] == 0.0
    for frame, row, column in ((0, 0, 0), (11, 12, 8), (13, 12, 16), (23, 5, 4)):
        place = (
            np.array(ds.ImagePositionPatient)
            + i * column * ds.PixelSpacing[1]
            + j * row * ds.PixelSpacing[0]
            + np.cross(i, j) * offsets[frame]
        )
        at = np.rint(result.grid.indices(place[:, None])[:, 0]).astype(int)
        np.testing.assert_allclose(
            values[frame, row, column], result.dose[tuple(at[::-1])], atol=1e-4 * result.dose.max()
        )


@pytest.mark.slow
def test_highdicom_finds_the_segments(written):
    result, folder = written
    segmentation = highdicom.seg.segread(folder / "organs_seg.dcm")
    assert [segmentation.get_segment_description(n).SegmentLabel for n in (1, 2, 3)] == list(
        result.vois
    )
    volume = segmentation.get_volume(combine_segments=False)
    for n, mask in enumerate(result.vois.values()):
        image = _image_of(volume, np.asarray(volume.array[..., n], np.float32))
        np.testing.assert_array_equal(at_voxels(image, result.grid) > 0, mask)


def test_the_time_integrated_activity_comes_back(written):
    result, folder = written
    map_ = pydicom.dcmread(folder / "tia_pmap.dcm")
    values = np.frombuffer(map_.FloatPixelData, "<f4").reshape(-1, map_.Rows, map_.Columns)
    frames = map_.PerFrameFunctionalGroupsSequence
    assert len(frames) == len(values) == result.grid.shape[0]
    for frame, plane in zip(frames, values, strict=True):
        place = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
        k = int(np.rint(result.grid.indices(place[:, None])[2, 0]))
        np.testing.assert_array_equal(plane, result.tia[k])
    units = map_.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert units.MeasurementUnitsCodeSequence[0].CodeValue == "MBq.h/mL"


def _image_of(volume, values):
    """highdicom's volume, array axes (k, j, i) with an affine of its own, as an image."""
    affine = volume.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    direction = affine[:3, :3] / spacing
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(tuple(spacing[::-1]))
    image.SetOrigin(tuple(affine[:3, 3]))
    image.SetDirection(tuple(direction[:, ::-1].reshape(-1)))
    return image


def measurements_of(group):
    """Value and unit by concept (value, scheme, derivation) of a group of the report."""
    found = {}
    for measurement in group.get_measurements():
        derivation = measurement.derivation
        name = measurement.name
        key = (name.value, name.scheme_designator, derivation and derivation.value)
        assert key not in found
        found[key] = (measurement.value, measurement.unit.value)
    return found


def test_the_report_carries_what_the_table_carries(written):
    """Number by number: each cell of organs.csv is a measurement, and no other but the tissue's."""
    _, folder = written
    report = highdicom.sr.srread(folder / "organ_doses_sr.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    with (folder / "organs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [group.tracking_identifier for group in groups] == [row["name"] for row in rows]
    units = {q.attribute: q.ucum or q.unit for q in QUANTITIES}
    concepts = {q.attribute: q.code for q in QUANTITIES}
    for family in FAMILIES:
        for heading in rows[0]:
            if heading.startswith(f"{family.column} "):
                units[heading] = family.unit
                concepts[heading] = family_code(family, heading.removeprefix(f"{family.column} "))
    for group, row in zip(groups, rows, strict=True):
        found = measurements_of(group)
        for heading, cell in row.items():
            if heading in ("name", *HOW_MADE) or cell == "":
                continue
            code = concepts[heading]
            value, unit = found.pop(
                (code.value, code.scheme, code.derivation and code.derivation.value)
            )
            assert unit == units[heading]
            assert f"{float(value):.6g}" == cell, heading
        if row["BED_Gy"]:
            assert found.pop(("alpha-beta", "99LUDOSIMETRY", None)) == (2.6, "Gy")
            assert found.pop(("130091", "DCM", None)) == (2.8, "h")
        assert found == {}


def test_the_report_names_its_segments(written):
    _, folder = written
    report = highdicom.sr.srread(folder / "organ_doses_sr.dcm")
    segmentation = pydicom.dcmread(folder / "organs_seg.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    for n, group in enumerate(groups, start=1):
        text = str(group[0])
        assert str(segmentation.SOPInstanceUID) in text
        assert f"Referenced Segment Number           US: {n}" in text


def test_objects_say_how_the_dose_was_made(written):
    result, folder = written
    dose = pydicom.dcmread(folder / "dose.dcm")
    assert dose.DoseComment == "Research use only: local, trapezoid, effective tail"
    assert dose.SeriesDescription == "Absorbed dose, local; research use only"
    assert "For research use only; not a medical device." in dose.DerivationDescription
    for words in ("Dose method: Local deposition.", "Tail of the trapezoid: Effective decay."):
        assert words in dose.DerivationDescription
    for warning in result.warnings:
        assert warning[:100] in dose.ImageComments
    report = pydicom.dcmread(folder / "organ_doses_sr.dcm")
    texts = [
        item.TextValue
        for item in report.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeValue in ("121106", "warning")
    ]
    assert texts[0] == "For research use only; not a medical device."
    assert texts[1] == dose.DerivationDescription
    assert len(texts) == 2 + len(result.warnings)
    parameters = {
        element.value for element in report.iterall() if element.keyword == "TextValue"
    } & {"dose_method=local", "integration=trapezoid", "tail=effective"}
    assert len(parameters) == 3
    assert report.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99LUDOSIMETRY"


@pytest.mark.slow
def test_every_quantity_is_carried(case_folder, tmp_path):
    """With recovery, BED, a second method and an administered activity; valid, and as in the table."""
    case_folder.data["administered_activity_MBq"] = 7400
    case_folder.data["options"] |= {"spect_resolution_mm": 9.0, "compare_with": ["multi-vsv"]}
    result = run_case(Case.read(case_folder.write()))
    result.organs = [replace(o, network_correction_percent=-0.12) for o in result.organs]
    result.standard_errors["multi-vsv"] = np.full_like(result.dose, 0.01)
    result.organs = [
        replace(o, standard_error_by_method_Gy={"multi-vsv": 0.01}) for o in result.organs
    ]
    result.warnings.append("a long warning, " * 50)
    result.write(tmp_path / "result")
    test_the_report_carries_what_the_table_carries((result, tmp_path / "result"))
    test_dciodvfy_finds_no_error((result, tmp_path / "result"))
    kidney = result.organs[0]
    single = [q for q in QUANTITIES if not q.in_family]
    assert all(q.of(kidney) is not None for q in single)


def test_objects_belong_to_the_study_of_the_source(written):
    result, folder = written
    objects = [pydicom.dcmread(folder / name) for name in FILES]
    assert len({ds.StudyInstanceUID for ds in objects}) == 1
    assert len({ds.SOPInstanceUID for ds in objects}) == len(FILES)
    frames = {ds.FrameOfReferenceUID for ds in objects if ds.Modality != "SR"}
    assert len(frames) == 1
    summary, _ = read_folder(folder)
    if result.dicom is None:
        assert summary["dicom"]["study"] == NEW_STUDY
        assert "new study" in objects[0].StudyDescription
        return
    assert summary["dicom"]["study"] == SOURCE_STUDY
    assert objects[0].StudyInstanceUID == result.dicom.study["StudyInstanceUID"]
    assert frames == {result.dicom.frame_of_reference}
    named = {
        instance.ReferencedSOPInstanceUID
        for series in objects[0].ReferencedSeriesSequence
        for instance in series.ReferencedInstanceSequence
    }
    own = {uid for s in result.dicom.series if s.role != "segmentation" for _, uid in s.instances}
    assert named == own
    for ds in objects:
        for _, uid in (pair for s in result.dicom.series for pair in s.instances):
            assert ds.SOPInstanceUID != uid


@pytest.mark.slow
def test_a_case_without_volumes_of_interest(case_folder, tmp_path):
    del case_folder.data["segmentation"]
    case_folder.write()
    run_case(Case.read(case_folder.file)).write(tmp_path / "result")
    there = {path.name for path in (tmp_path / "result").glob("*.dcm")}
    assert there == {"dose.dcm", "tia_pmap.dcm"}
