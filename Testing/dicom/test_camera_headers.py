"""
Headers as cameras and workstations are known to write them, through import and run.

After headers that users have published and the source of public tools: Siemens (xSPECT), GE
(Xeleris, StarGuide), Hermes, Philips, PyTomography, PyTheranostics.
"""

import json

import pytest
from pydicom.dataset import Dataset

from .conftest import remarks_of
from .study_writer import code

RANGE = ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped")


def mapped(slope, unit, first=0, last=65535, label="BQML"):
    """An item of RealWorldValueMappingSequence."""
    item = Dataset()
    if unit:
        item.MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, 0.0
    item.LUTLabel = label
    for keyword, value in zip(RANGE, (first, last), strict=True):
        setattr(item, keyword, value)
        item[keyword].VR = "US" if value >= 0 else "SS"
    return item


def xspect(ds):
    """Siemens xSPECT Quant: unit and decay correction in private elements, several detectors."""
    block = ds.private_block(0x0057, "SIEMENS MED NM", create=True)
    block.add_new(0x03, "LO", "BQML")
    block.add_new(0x04, "LO", "START")
    ds.Manufacturer = "SIEMENS NM"
    ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    del ds.Units, ds.DecayCorrection
    ds.CorrectedImage = ["DECY", "ATTN", "SCAT"]
    second = Dataset()
    second.CollimatorType = "PARA"
    ds.DetectorInformationSequence = [second, ds.DetectorInformationSequence[0]]


def xspect_private_slope(ds):
    """The same, with the slope in a private element too."""
    xspect(ds)
    block = ds.private_block(0x0057, "SIEMENS MED NM")
    block.add_new(0x06, "FL", 0.0)
    block.add_new(0x07, "FL", float(ds.RescaleSlope))
    del ds.RescaleSlope, ds.RescaleIntercept


def hermes(ds):
    """Hermes: nothing but a mapping."""
    ds.RealWorldValueMappingSequence = [mapped(float(ds.RescaleSlope), "Bq/ml")]
    ds.PatientPosition = "FFS"
    del ds.RescaleSlope, ds.RescaleIntercept, ds.Units


def two_mappings(ds):
    """Hermes: for SUV first, then for activity."""
    hermes(ds)
    ds.RealWorldValueMappingSequence.insert(0, mapped(2e-4, "g/ml{SUVbw}", label="SUV"))


def label_only(ds):
    """The unit of the mapping stands in its label alone."""
    hermes(ds)
    ds.RealWorldValueMappingSequence = [
        mapped(ds.RealWorldValueMappingSequence[0].RealWorldValueSlope, "")
    ]


def pytheranostics(ds):
    """PyTheranostics: signed, two mappings without a scheme, half-life without a code, no Units."""
    slope = float(ds.RescaleSlope)
    items = [mapped(slope, "Bq/ml", 0, 32767) for _ in range(2)]
    for item in items:
        del item.MeasurementUnitsCodeSequence[0].CodingSchemeDesignator
    ds.RealWorldValueMappingSequence = items
    ds.RescaleSlope, ds.RescaleIntercept = str(slope)[:16], "0.0"
    ds.CorrectedImage = ["DECY", "ATTN"]
    item = ds.RadiopharmaceuticalInformationSequence[0]
    item.Radiopharmaceutical = "Lutetium-PSMA-617"
    item.RadionuclideHalfLife, item.RadionuclideTotalDose = "574300", "7400.1234"
    item.RadionuclidePositronFraction = ""
    del item.RadionuclideCodeSequence, ds.Units


def lost_sign(ds):
    """The least of signed values told as an unsigned one."""
    pytheranostics(ds)
    for item in ds.RealWorldValueMappingSequence:
        item.RealWorldValueFirstValueMapped = 65535
        item["RealWorldValueFirstValueMapped"].VR = "US"


def xeleris_activity(ds):
    """GE Xeleris: Modality OT, dates of processing later than those of acquisition."""
    ds.Modality, ds.Manufacturer = "OT", "GE MEDICAL SYSTEMS"
    ds.SeriesDate, ds.SeriesTime = "20240301", "090251.00"
    ds.AcquisitionTime = f"{ds.AcquisitionTime[:6]}.00"


def pytomography(ds):
    """PyTomography: ImageType as one text, geometry in the image, no vectors, no detectors."""
    ds.ImageType = "['ORIGINAL', 'PRIMARY', 'RECON TOMO', 'EMISSION']"
    detector = ds.DetectorInformationSequence[0]
    ds.ImagePositionPatient = detector.ImagePositionPatient
    ds.ImageOrientationPatient = detector.ImageOrientationPatient
    ds.Manufacturer = "Qurit"
    del ds.DetectorInformationSequence, ds.RotationInformationSequence
    del ds.SliceVector, ds.FrameIncrementPointer, ds.NumberOfSlices, ds.RescaleIntercept


def counted_from_nought(ds):
    ds.SliceVector = [n - 1 for n in ds.SliceVector]
    ds.FrameIncrementPointer = [0x00540010, 0x00540020, 0x00540080]
    ds.EnergyWindowVector = ds.DetectorVector = [1] * len(ds.SliceVector)


def windows(ds):
    """Three windows of acquisition, of which the second is on a line of 177Lu."""
    ds.EnergyWindowInformationSequence = []
    for low, high in ((166.0, 187.0), (187.4, 229.3), (230.0, 250.0)):
        group, bounds = Dataset(), Dataset()
        bounds.EnergyWindowLowerLimit, bounds.EnergyWindowUpperLimit = low, high
        group.EnergyWindowRangeSequence = [bounds]
        ds.EnergyWindowInformationSequence.append(group)
    item = ds.RadiopharmaceuticalInformationSequence[0]
    item.Radiopharmaceutical = "ATTENUATION MAPS"
    del item.RadionuclideCodeSequence, item.RadionuclideHalfLife


def nested_radiopharmaceutical(ds):
    """Within the energy window instead of the image, after an item that says nothing."""
    windows(ds)
    items = ds.RadiopharmaceuticalInformationSequence
    ds.EnergyWindowInformationSequence[1].RadiopharmaceuticalInformationSequence = [
        Dataset(),
        *items,
    ]
    del ds.RadiopharmaceuticalInformationSequence


def bare_radiopharmaceutical(ds):
    """Its attributes in the image itself."""
    for element in ds.RadiopharmaceuticalInformationSequence[0]:
        ds.add(element)
    del ds.RadiopharmaceuticalInformationSequence


def two_nuclides(ds):
    """The camera's default nuclide besides."""
    other = Dataset()
    other.RadionuclideCodeSequence = [code("C-163A8", "SRT", "^99m^Technetium")]
    other.RadionuclideTotalDose = 740.0
    other.RadiopharmaceuticalStartDateTime = "20240101080000"
    ds.RadiopharmaceuticalInformationSequence.insert(0, other)


def date_without_time(ds):
    item = ds.RadiopharmaceuticalInformationSequence[0]
    item.RadiopharmaceuticalStartDateTime = "20240131"


def midnight(ds):
    item = ds.RadiopharmaceuticalInformationSequence[0]
    item.RadiopharmaceuticalStartDateTime = "20240131000000"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (xspect, "Units (0057,xx03) of SIEMENS MED NM is BQML"),
        (xspect_private_slope, "Rescale Slope (0057,xx07) of SIEMENS MED NM was applied"),
        (hermes, "taken as MBq"),
        (two_mappings, "taken as MBq"),
        (label_only, "taken as MBq"),
        (pytheranostics, "7400.12 was taken as MBq"),
        (lost_sign, "7400.12 was taken as MBq"),
        (xeleris_activity, "taken as MBq"),
        (pytomography, "taken as MBq"),
        (counted_from_nought, "taken as MBq"),
        (windows, "No header names the nuclide; Lu-177 was taken"),
        (
            nested_radiopharmaceutical,
            "The radiopharmaceutical stands outside of RadiopharmaceuticalInformationSequence",
        ),
        (
            bare_radiopharmaceutical,
            "The radiopharmaceutical stands outside of RadiopharmaceuticalInformationSequence",
        ),
        (two_nuclides, "taken as MBq"),
        (date_without_time, "taken as MBq"),
        (midnight, "taken as MBq"),
    ],
)
def test_nm(study, imported, same_doses, change, said):
    """With a negative spacing between slices, as most cameras write."""
    signed = change in (pytheranostics, lost_sign)
    study.nm_scans(decay="START", change=change, backwards=True, signed=signed)
    study.anatomy()
    case = imported(study.folder)
    points = json.loads(case.read_text(encoding="utf-8"))["time_points"]
    assert [point["unit"] for point in points] == ["Bq/mL"] * 3
    assert [point["hours"] for point in points] == pytest.approx([4.0, 24.0, 96.0], abs=1e-3)
    assert json.loads(case.read_text(encoding="utf-8"))[
        "administered_activity_MBq"
    ] == pytest.approx(7400, 1e-4)
    assert said in remarks_of(case)
    same_doses(case)


def xeleris_counts(ds):
    """GE Xeleris: counts that fill 15 bits, their scale and offset in private elements."""
    block = ds.private_block(0x0011, "GEMS_GENIE_1", create=True)
    block.add_new(0x3B, "FD", float(ds.RescaleSlope))
    block.add_new(0x3C, "FD", 0.0)
    rotation = ds.RotationInformationSequence[0]
    rotation.NumberOfFramesInRotation, rotation.ScanArc, rotation.AngularStep = 1, 0, 0
    rotation.ActualFrameDuration = 30000
    ds.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical = "ATTENUATION MAPS"
    del ds.RescaleSlope, ds.RescaleIntercept, ds.Units


def starguide(ds):
    """GE StarGuide: the duration in ImageComments."""
    xeleris_counts(ds)
    ds.ImageComments = "$OrgModality:NM$ImagingDuration$1200000$MultProj$1"


def two_heads(ds):
    """120 frames of 20 s, of two heads that went through half the arc each."""
    rotation = ds.RotationInformationSequence[0]
    rotation.NumberOfFramesInRotation, rotation.ScanArc, rotation.AngularStep = 120, 180, 3
    del ds.Units


COUNTS = 0.216e-6 * 9.0 * 1200.0
"""Of 1 Bq/mL in a voxel of 6 mm, at 9 cps/MBq in 20 minutes."""


def write_counts(study, change):
    for n, hours in enumerate(study.hours, start=1):
        values, grid = study.volume(f"spect_{n}.nrrd")
        counts = COUNTS * values
        study.nm(f"nm{n}.dcm", counts, grid, hours, decay="START", signed=True, change=change)
    study.anatomy()


@pytest.mark.parametrize(
    ("change", "duration_s", "said"),
    [
        (xeleris_counts, 1200.0, "Pixel Scale (0011,xx3B) of GEMS_GENIE_1 was applied"),
        (starguide, None, "took 1200 s by its header: ImageComments (0020,4000)"),
        (two_heads, None, "took 1200 s by its header: 120 frames of 20 s, taken by 2 heads"),
    ],
)
def test_counts(study, imported, same_doses, change, duration_s, said):
    write_counts(study, change)
    calibration = {"cps_per_MBq": 9.0} | ({"duration_s": duration_s} if duration_s else {})
    case = imported(study.folder, {"time_points": [{"calibration": calibration}] * 3})
    assert said in remarks_of(case)
    same_doses(case)


def test_a_rotation_of_one_frame_tells_no_duration(study, refused_import):
    """30 s would make sixty times the activity."""
    write_counts(study, xeleris_counts)
    supply = {"time_points": [{"calibration": {"cps_per_MBq": 9.0}}] * 3}
    assert "duration_s" in refused_import(study.folder, supply)


def test_two_scales_of_ge_that_disagree(study, imported, refused_import):
    def both(ds):
        xeleris_counts(ds)
        ds.RescaleSlope = "1"

    write_counts(study, both)
    supply = {"time_points": [{"calibration": {"Bq_per_count": 3.0}}] * 3}
    message = refused_import(study.folder, supply)
    assert "RescaleSlope (0028,1053) is 1, but Pixel Scale (0011,xx3B) of GEMS_GENIE_1" in message
    imported(study.folder, supply | {"header": {"RescaleSlope": 1}})


def test_philips_counts_with_a_factor(study, imported, same_doses):
    factor = 12.5

    def counts(ds):
        ds.Units, ds.RescaleSlope = "CNTS", f"{float(ds.RescaleSlope) / factor:.10g}"
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x09, "DS", f"{factor}")

    study.pt_scans(change=counts)
    study.anatomy()
    case = imported(study.folder)
    assert "Activity Concentration Scale Factor (7053,xx09)" in remarks_of(case)
    same_doses(case)


def test_mapping_to_suv_alone(study, imported, refused_import):
    def suv(ds):
        ds.RealWorldValueMappingSequence = [mapped(2e-4, "g/ml{SUVbw}", label="SUV")]
        del ds.RescaleSlope, ds.RescaleIntercept, ds.Units

    study.nm_scans(change=suv)
    study.anatomy()
    assert "(0040,9096) is to g/ml{SUVbw} only" in refused_import(study.folder)
    point = {"unit": "counts", "calibration": {"Bq_per_count": 1.0}}
    imported(study.folder, {"time_points": [point] * 3})
