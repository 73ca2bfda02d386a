"""Every remedy that a refusal names, put into --supply as it stands, works."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from scipy import ndimage

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.nuclide_codes import HALF_LIFE_S, NUCLIDE_BY_CODE
from LuDosimetryLib.dicom.radionuclide import named_nuclide
from LuDosimetryLib.dicom.saturation import check_range
from LuDosimetryLib.dicom_files.header import Header
from LuDosimetryLib.image.volume import read_volume
from LuDosimetryLib.tissue.nuclide import read_nuclide

from .study_writer import code
from .tiny_study import CT, SPECT, activity, filled, hounsfield, remedies

COUNTS_PER_BQ_ML = 1.728e-6 * 9.0 * 1200.0
"""Of a voxel of 12 mm, at 9 cps/MBq in 20 minutes."""


def lacking(*keywords):
    def change(ds):
        for part in (ds, *ds.DetectorInformationSequence):
            for keyword in keywords:
                if keyword in part:
                    delattr(part, keyword)

    return change


def having(**values):
    def change(ds):
        for keyword, value in values.items():
            setattr(ds, keyword, value)

    return change


def item_having(**values):
    def change(ds):
        having(**values)(ds.RadiopharmaceuticalInformationSequence[0])

    return change


def two_scales(ds):
    item = Dataset()
    item.MeasurementUnitsCodeSequence = [code("Bq/ml", "UCUM", "Bq/ml")]
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 2.0 * float(ds.RescaleSlope), 0.0
    item.LUTLabel = "BQML"
    ds.RealWorldValueMappingSequence = [item]


def ge_scale(ds):
    block = ds.private_block(0x0011, "GEMS_GENIE_1", create=True)
    block.add_new(0x3B, "FD", 4.18)


def named_by_code(value, scheme="SRT"):
    def change(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.RadionuclideCodeSequence = [code(value, scheme, "")]
        item.Radiopharmaceutical = "MIBG"
        del item.RadionuclideHalfLife

    return change


def windowed(low, high):
    def change(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        del item.RadionuclideHalfLife, item.RadionuclideCodeSequence
        item.Radiopharmaceutical = "DOTATATE"
        window, limits = Dataset(), Dataset()
        limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = low, high
        window.EnergyWindowRangeSequence = [limits]
        ds.EnergyWindowInformationSequence = [window]

    return change


@pytest.mark.parametrize(
    ("change", "said", "values"),
    [
        (lacking("SpacingBetweenSlices"), "SpacingBetweenSlices (0018,0088) is missing", 12.0),
        (
            lacking("ImagePositionPatient"),
            "ImagePositionPatient (0020,0032) is missing",
            [-78, -66, -54],
        ),
        (
            lacking("ImageOrientationPatient"),
            "ImageOrientationPatient (0020,0037) is missing",
            [1, 0, 0, 0, 1, 0],
        ),
        (lacking("PixelSpacing"), "PixelSpacing (0028,0030) is missing", [12, 12]),
        (lacking("PixelRepresentation"), "PixelRepresentation (0028,0103) is missing", 0),
        (having(SpacingBetweenSlices=-12), "would put it within", None),
        (having(Units="GML"), "Units (0054,1001) is 'GML'", "Bq/mL"),
        (having(DecayCorrection="SOME"), "DecayCorrection (0054,1102) is 'SOME'", "START"),
        (
            having(DecayCorrection="", CorrectedImage=["DECY"]),
            "DecayCorrection (0054,1102) is missing",
            "START",
        ),
        (
            having(DecayCorrection="NONE", DecayFactor="2.5"),
            "DecayFactor (0054,1321) is 2.5",
            "START",
        ),
        (having(AcquisitionTime="257000"), "is no time of day", 24),
        (item_having(RadionuclideHalfLife=21624.0), "this is another nuclide", None),
        (named_by_code("C-114B1"), "is 'C-114B1', I-131; expected Lu-177", None),
        (named_by_code("1368003", "SCT"), "is '1368003', I-131; expected Lu-177", None),
        (named_by_code("X-9"), "a code of no nuclide that is known", None),
        (windowed(126.0, 154.0), "holds neither line of Lu-177", None),
    ],
)
def test_of_a_scan(tiny, took, refused, change, said, values):
    """One scan of three is deficient; its series is named, and what is missing of it alone."""
    keys = dict.fromkeys(
        ("SpacingBetweenSlices", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
         "PixelRepresentation", "unit", "decay_correction", "hours"), values)  # fmt: skip
    for hours in (4, 96):
        tiny.spect(hours)
    tiny.spect(24, change=change)
    tiny.tomogram(4)
    if (
        "nuclide" in said or "Lu-177" in said
    ):  # others are of Lu-177: it may be left out, so ask of all
        for hours in (4, 96):
            tiny.spect(hours, change=change)
    supply: dict = {"series": {}}
    for _ in range(3):
        message = refused(tiny, supply)
        assert said in message
        remedy = filled(
            next(r for r in remedies(message) if "series" in r or "nuclide" in r), **keys
        )
        supply["series"] |= remedy.pop("series", {})
        supply |= remedy
        try:
            took(tiny, supply).check_scans(4, 24, 96)
        except ValueError:
            continue  # the next scan is asked for
        return
    pytest.fail("the remedies do not come to an end")


def test_of_two_scales(tiny, took, refused):
    tiny.spect(24, change=two_scales)
    tiny.tomogram(24)
    mapping, slope = remedies(refused(tiny))
    took(tiny, slope).check_scans(24)
    assert took(tiny, mapping).scan(0) == pytest.approx(2.0 * activity(24), rel=2e-3, abs=50.0)


def test_of_two_scales_of_ge(tiny, took, refused):
    tiny.spect(24, change=ge_scale)
    tiny.tomogram(24)
    slope = float(pydicom.dcmread(tiny.folder / "nm24.dcm").RescaleSlope)
    (remedy,) = remedies(refused(tiny))
    took(tiny, filled(remedy, RescaleSlope=slope)).check_scans(24)


def test_of_a_ct(tiny, took, refused):
    """Its scale, which that of the scans must not be."""

    def change(ds, k):
        del ds.RescaleSlope, ds.RescaleIntercept

    tiny.spect(4)
    tiny.tomogram(4, change=change)
    message = refused(tiny)
    assert "RescaleSlope (0028,1053) is missing" in message
    assert refused(tiny, {"header": {"RescaleSlope": 1, "RescaleIntercept": -1024}}) == message
    (remedy,) = remedies(message)
    found = took(tiny, filled(remedy, RescaleSlope=1, RescaleIntercept=-1024))
    found.check_scans(4)
    assert np.array_equal(read_volume(found.folder / "ct_1.nrrd", "").values, hounsfield())
    took(tiny, {"series": {"ct": {"header": {"RescaleSlope": 1, "RescaleIntercept": -1024}}}})


def test_of_one_ct_of_two(tiny, took, refused):
    """The remedy reaches the series that it names alone, of which only the intercept is missing."""

    def change(ds, k):
        ds.SeriesNumber = 12
        del ds.RescaleIntercept

    tiny.spect(4)
    tiny.tomogram(4)
    tiny.new_visit()
    tiny.spect(24)
    tiny.tomogram(24, "ct2", change=change)
    message = refused(tiny)
    assert "RescaleIntercept (0028,1052) is missing" in message
    (remedy,) = remedies(message)
    assert list(remedy["series"]) == ["12"]
    found = took(tiny, filled(remedy, RescaleIntercept=-1024))
    for name in ("ct_1.nrrd", "ct_2.nrrd"):
        assert np.array_equal(read_volume(found.folder / name, "").values, hounsfield())


@pytest.mark.parametrize(
    "name", ["SeriesNumber", "SeriesDescription", "SeriesInstanceUID", "SOPInstanceUID", "file"]
)
def test_a_series_by_any_of_its_names(tiny, took, name):
    """Number, description, UID, UID of the object, file: for header elements and all else."""
    slope = 0.0

    def change(ds):
        nonlocal slope
        slope = float(ds.RescaleSlope)
        ds.SeriesNumber, ds.SeriesDescription = 17, "Lu AC"
        ds.RescaleSlope = 1
        del ds.Units

    path = tiny.spect(24, change=change)
    tiny.tomogram(24)
    ds = pydicom.dcmread(path)
    key = "nm24.dcm" if name == "file" else str(ds[name].value)
    supply = {"series": {key: {"unit": "Bq/mL", "header": {"RescaleSlope": slope}}}}
    took(tiny, supply).check_scans(24)


def counts(tiny, heads=0, **rotation):
    def change(ds):
        for keyword, value in rotation.items():
            setattr(ds.RotationInformationSequence[0], keyword, value)
        if heads:
            ds.NumberOfDetectors = heads

    tiny.nm(
        "nm.dcm",
        COUNTS_PER_BQ_ML * activity(24),
        SPECT,
        24,
        decay="START",
        unit=None,
        change=change,
    )
    tiny.tomogram(24)


@pytest.mark.parametrize(
    ("heads", "rotation", "duration_s"),
    [
        (0, {}, 1200.0),
        (1, {"ScanArc": 360, "AngularStep": 6}, 1200.0),
        (2, {"NumberOfFramesInRotation": 120, "ScanArc": 180, "AngularStep": 3}, 1200.0),
        (2, {}, None),
        (2, {"ScanArc": 360, "AngularStep": 6}, None),
        (3, {"NumberOfFramesInRotation": 60}, None),
        (0, {"NumberOfFramesInRotation": 1}, None),
    ],
)
def test_of_a_sensitivity(tiny, took, refused, heads, rotation, duration_s):
    """Its duration is that of the scan, whatever heads took it together; where it is not told it is asked."""
    counts(tiny, heads, **rotation)
    message = refused(tiny)
    assert "the scan at 24 h is in counts" in message
    example = remedies(message)[0]
    supply = {"time_points": [{"calibration": {"cps_per_MBq": 9.0}}]}
    if duration_s is None:
        message = refused(tiny, supply)
        assert "ActualFrameDuration (0018,1242) is needed by cps_per_MBq" in message
        if heads > 1:
            assert f"it was taken by {heads} heads" in message
        supply = filled(remedies(message)[0], duration_s=1200.0)
    found = took(tiny, supply)
    assert found.case["time_points"][0]["calibration"]["duration_s"] == 1200.0
    assert found.list.scans[0].activity_MBq == pytest.approx(
        1e-6 * activity(24).sum() * SPECT.voxel_volume_mL, rel=1e-3
    )
    took(tiny, filled(example, cps_per_MBq=9.0, duration_s=1200.0))


def with_a_sign(ds):
    """Unsigned values that are said to have a sign: the hottest are negative."""
    ds.PixelRepresentation = 1


def cut_off(ds):
    """Values that stop at the greatest that 16 bits hold."""
    stored = np.frombuffer(ds.PixelData, "<u2").astype(float)
    ds.PixelData = np.minimum(np.rint(stored * 1.7), 65535).astype("<u2").tobytes()
    ds.RescaleSlope = float(ds.RescaleSlope) / 1.7


def test_of_values_that_overflowed(tiny, took, refused):
    tiny.spect(4)
    tiny.tomogram(4)
    tiny.nm("nm24.dcm", activity(24), SPECT, 24, decay="START", change=with_a_sign)
    message = refused(tiny)
    assert "voxels far below 0 (least -" in message
    took(tiny, remedies(message)[0]).check_scans(4, 24)
    tiny.nm("nm24.dcm", activity(24), SPECT, 24, decay="START", change=cut_off)
    assert "together at the greatest value that 16 bits can store (65535)" in took(tiny).remarks


def uptake(core=1.0):
    """A ball of 25 mm, its core colder or not, on voxels of 4 mm, blurred by 11 mm (FWHM)."""
    at = np.linalg.norm(
        np.indices((9, 30, 30)).T[:, :, ::-1].T - np.array([4, 15, 15])[:, None, None, None], axis=0
    )
    values = np.where(at < 25.0 / 4.0, 1.0, 0.02)
    values[at < 14.0 / 4.0] = core
    return ndimage.gaussian_filter(values, 11.0 / 2.355 / 4.0)


@pytest.mark.parametrize("peak", [66_000, 75_000, 110_000, 130_000])
def test_of_values_that_began_again(peak):
    """The hottest of a kidney need 17 bits."""
    header = Header("nm.dcm", Dataset())
    header.dataset.BitsStored, header.dataset.PixelRepresentation = 16, 0
    values = uptake()
    stored = np.rint(values / values.max() * peak).astype(int)
    with pytest.raises(
        InvalidInput, match=r"PixelData \(7FE0,0010\) has \d+ voxels near 0 amid the hottest"
    ):
        check_range(stored % 65536, header, Log())


@pytest.mark.parametrize("core", [1.0, 0.5, 0.0])
def test_what_fills_its_bits_has_not_overflowed(core):
    header = Header("nm.dcm", Dataset())
    header.dataset.BitsStored, header.dataset.PixelRepresentation = 16, 0
    values = uptake(core)
    log = Log()
    check_range(np.rint(values / values.max() * 65535).astype(int), header, log)
    assert log.remarks == []


def test_a_full_scale_is_no_overflow(tiny, took):
    """Slopes that fill the bits to the last, signed or not."""

    def full(ds):
        stored = np.frombuffer(ds.PixelData, "<u2").astype(float)
        factor = 65535.0 / stored.max()
        ds.PixelData = np.rint(stored * factor).astype("<u2").tobytes()
        ds.RescaleSlope = float(ds.RescaleSlope) / factor

    tiny.spect(4, change=full)
    tiny.spect(24, signed=True)
    tiny.tomogram(4)
    found = took(tiny)
    found.check_scans(4, 24)
    assert "bits" not in found.remarks


@pytest.mark.parametrize("syntax", ["jpeg2000", "rle", "explicit"])
def test_monochrome1(tiny, took, syntax):
    """It says how to show values, not what they are, compressed or not."""

    def inverted(ds, k):
        ds.PhotometricInterpretation = "MONOCHROME1"

    tiny.spect(4)
    tiny.syntax, kept = syntax, tiny.syntax
    tiny.ct("ct", hounsfield(), CT, 4, syntax=syntax, change=inverted)
    tiny.syntax = kept
    found = took(tiny)
    assert np.array_equal(read_volume(found.folder / "ct_1.nrrd", "").values, hounsfield())


def test_lutetium_by_code_alone(tiny, took):
    for value, scheme in (("C-101ED", "SRT"), ("447553000", "SCT")):
        tiny.spect(4, change=named_by_code(value, scheme))
        tiny.tomogram(4)
        found = took(tiny)
        found.check_scans(4)
        assert "No header names the nuclide" not in found.remarks


def test_a_nuclide_of_one_series(tiny, took):
    """A scan with the camera's default nuclide among others of Lu-177: left out, or taken as the user says."""

    def technetium(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.RadionuclideCodeSequence = [code("C-163A8", "SRT", "^99m^Technetium")]
        item.RadionuclideHalfLife = 21624.0

    tiny.spect(4)
    tiny.spect(24, change=technetium)
    tiny.tomogram(4)
    found = took(tiny)
    found.check_scans(4)
    assert "of 2024-02-01 09:30 was left out: it is of Tc-99m" in found.remarks
    took(tiny, remedies(found.remarks)[0]).check_scans(4, 24)
    assert took(tiny, {"nuclide": "Lu-177"}).hours == [4]


@pytest.mark.parametrize(
    ("text", "nuclide"),
    [
        ("^68^Gallium", "Ga-68"),
        ("68Ga-PSMA-11", "Ga-68"),
        ("Ga-68 DOTATOC", "Ga-68"),
        ("I-131 MIBG", "I-131"),
        ("131I", "I-131"),
        ("99mTc-MDP", "Tc-99m"),
        ("Technetium 99m", "Tc-99m"),
        ("F18 FDG", "F-18"),
        ("^177^Lutetium", "Lu-177"),
        ("PSMA-617", ""),
        ("DOTATATE", ""),
        ("Lutetium-PSMA-617", ""),
        ("PSMA I&T", ""),
        ("SESTAMIBI", ""),
    ],
)
def test_nuclides_that_texts_name(text, nuclide):
    assert named_nuclide(text) == nuclide


def test_codes_are_those_of_the_dictionary():
    """SNOMED CT and RT codes of pydicom's dictionary, of which ours are a part."""
    from pydicom.sr._snomed_dict import mapping

    for ct, rt in mapping["SCT"].items():
        if ct in NUCLIDE_BY_CODE or rt in NUCLIDE_BY_CODE:
            assert NUCLIDE_BY_CODE[ct] == NUCLIDE_BY_CODE[rt], (ct, rt)
    assert HALF_LIFE_S["Lu-177"] / 3600.0 == pytest.approx(
        np.log(2.0) / read_nuclide("Lu-177").decay_constant_per_h, rel=1e-3
    )
