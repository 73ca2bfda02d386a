"""A DICOM study of the small case, written in the ways that scanners write."""

import datetime
import json
from math import exp, expm1, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

pydicom = pytest.importorskip("pydicom")
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.uid import (  # noqa: E402
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    generate_uid,
)

from LuDosimetryLib import Case, run_case  # noqa: E402
from LuDosimetryLib.cli import DONE, INVALID, main  # noqa: E402
from LuDosimetryLib.image import Grid, read_volume  # noqa: E402

INJECTED = datetime.datetime(2024, 1, 31, 9, 30)
LAMBDA_PER_H = log(2.0) / (6.647 * 24.0)
NM, PT, CT = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("20", "128", "2"))
SECRETS = ("Mustermann", "PID-4711", "19501224", "ACC-99", "Dr-Geheim")
SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "jpeg2000": JPEG2000Lossless,
    "rle": RLELossless,
}


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def stamp(at: datetime.datetime, zone: str = "") -> str:
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond:06d}{zone}"


def right_handed(values: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Values, positions of the slices, and orientation."""
    n = grid.shape[0]
    positions = grid.positions(np.stack([np.zeros(n), np.zeros(n), np.arange(n)])).T
    direction = np.array(grid.direction).reshape(3, 3)
    return values, positions, [*direction[:, 0], *direction[:, 1]]


class StudyWriter:
    """Writes NM, PT, CT, SEG and RTSTRUCT of one patient to a folder."""

    def __init__(self, folder: Path, syntax: str = "explicit") -> None:
        self.folder = folder
        self.syntax = syntax
        self.study_uid = generate_uid()
        self.frame_uid = generate_uid()
        self.injected = INJECTED
        self.activity: float | None = 7400.0
        self.zone = ""
        folder.mkdir(parents=True, exist_ok=True)

    # --- parts of every object

    def base(self, sop_class: str, modality: str, series_uid: str) -> Dataset:
        ds = Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID = self.study_uid, series_uid
        ds.FrameOfReferenceUID, ds.Modality = self.frame_uid, modality
        ds.PatientName, ds.PatientID = f"{SECRETS[0]}^Erika", SECRETS[1]
        ds.PatientBirthDate, ds.PatientSex = SECRETS[2], "F"
        ds.AccessionNumber, ds.ReferringPhysicianName = SECRETS[3], SECRETS[4]
        ds.StudyDate, ds.StudyTime, ds.StudyID = "20240131", "090000", "1"
        if self.zone:
            ds.TimezoneOffsetFromUTC = self.zone
        return ds

    def save(self, ds: Dataset, name: str, syntax: str | None = None) -> Path:
        uid = SYNTAXES[syntax or self.syntax]
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = uid
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ds.save_as(path, enforce_file_format=True)
        return path

    def pixels(self, ds: Dataset, stored: np.ndarray, syntax: str | None = None) -> None:
        """Stored values of 16 bits, shape (frame, row, column)."""
        syntax = syntax or self.syntax
        signed = stored.dtype.kind == "i"
        ds.Rows, ds.Columns = stored.shape[1:]
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation = 15, int(signed)
        if syntax in ("jpeg2000", "rle"):
            ds.PixelData = encapsulate([_compressed(frame, syntax) for frame in stored])
            ds["PixelData"].is_undefined_length = True
        else:
            order = ">" if syntax == "big" else "<"
            ds.PixelData = stored.astype(f"{order}{stored.dtype.kind}2").tobytes()
        ds["PixelData"].VR = "OB" if syntax in ("jpeg2000", "rle") else "OW"

    def radiopharmaceutical(self, ds: Dataset, modality: str) -> None:
        item = Dataset()
        item.Radiopharmaceutical = "Lu-177 DOTATATE"
        item.RadiopharmaceuticalStartTime = f"{self.injected:%H%M%S}"
        item.RadiopharmaceuticalStartDateTime = stamp(self.injected, self.zone)
        if self.activity is not None:
            item.RadionuclideTotalDose = self.activity * (1e6 if modality == "PT" else 1.0)
        item.RadionuclideHalfLife = 6.647 * 86400.0
        item.RadionuclideCodeSequence = [code("C-163AA", "SRT", "^177^Lutetium")]
        ds.RadiopharmaceuticalInformationSequence = [item]

    # --- scans

    def nm(
        self,
        name: str,
        values: np.ndarray,
        grid: Grid,
        hours: float,
        *,
        decay: str | None = None,
        duration_s: float = 1200.0,
        backwards: bool = False,
        real_world: bool = False,
        unit: str | None = "BQML",
        series_uid: str | None = None,
        change: Any = None,
        syntax: str | None = None,
    ) -> Path:
        """A reconstructed tomogram of an activity at the start of the scan [Bq/mL]."""
        ds = self.base(NM, "NM", series_uid or generate_uid())
        ds.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
        begun = self.injected + datetime.timedelta(hours=hours)
        ds.AcquisitionDate, ds.AcquisitionTime = f"{begun:%Y%m%d}", f"{begun:%H%M%S.%f}"
        image = values * decayed(decay or "NONE", hours, duration_s)
        _, positions, orientation = right_handed(image, grid)
        if backwards:
            image, positions = image[::-1], positions[::-1]
        ds.NumberOfFrames = len(image)
        ds.FrameIncrementPointer = 0x00540080
        ds.SliceVector = list(range(1, len(image) + 1))
        ds.NumberOfSlices = len(image)
        ds.SpacingBetweenSlices = grid.spacing_mm[0] * (-1 if backwards else 1)
        ds.PixelSpacing = list(grid.spacing_mm[1:])
        ds.SliceThickness = grid.spacing_mm[0]
        detector = Dataset()
        detector.ImagePositionPatient = [f"{x:.10g}" for x in positions[0]]
        detector.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
        ds.DetectorInformationSequence = [detector]
        rotation = Dataset()
        rotation.ActualFrameDuration = round(duration_s * 1000 / 60)
        rotation.NumberOfFramesInRotation = 60
        ds.RotationInformationSequence = [rotation]
        self.radiopharmaceutical(ds, "NM")
        slope = float(image.max()) / 60000.0
        if decay is not None:
            ds.DecayCorrection = decay
        if real_world:
            item = Dataset()
            item.MeasurementUnitsCodeSequence = [code("Bq/ml", "UCUM", "Bq/ml")]
            item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, 0.0
            item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 65535
            item.LUTLabel, item.LUTExplanation = "BQML", "activity"
            ds.RealWorldValueMappingSequence = [item]
        else:
            ds.RescaleSlope, ds.RescaleIntercept = f"{slope:.10g}", 0
            if unit:
                ds.Units = unit
        self.pixels(ds, dithered(image / slope).astype(np.uint16), syntax)
        if real_world:
            for group in ds.RealWorldValueMappingSequence:
                for keyword in ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"):
                    group[keyword].VR = "US"
        if change:
            change(ds)
        return self.save(ds, name, syntax)

    def pt(
        self,
        name: str,
        values: np.ndarray,
        grid: Grid,
        hours: float,
        *,
        decay: str | None = "START",
        beds: int = 1,
        duration_s: float = 600.0,
        change: Any = None,
    ) -> list[Path]:
        """A PT series; beds follow each other along the normal, half an hour apart."""
        uid, paths = generate_uid(), []
        image, positions, orientation = right_handed(values, grid)
        order = np.random.default_rng(1).permutation(len(image))
        for k in order:
            bed = int(k) * beds // len(image)
            later = 0.5 * bed
            begun = self.injected + datetime.timedelta(hours=hours + later)
            ds = self.base(PT, "PT", uid)
            ds.SeriesType, ds.ImageType = ["WHOLE BODY", "IMAGE"], ["ORIGINAL", "PRIMARY"]
            ds.AcquisitionDate, ds.AcquisitionTime = f"{begun:%Y%m%d}", f"{begun:%H%M%S.%f}"
            ds.ActualFrameDuration = round(1000 * duration_s)
            ds.Units = "BQML"
            if decay is not None:
                ds.DecayCorrection = decay
            factor = decayed(decay or "START", hours, duration_s)
            if decay == "NONE":
                factor *= exp(-LAMBDA_PER_H * later)
            frame = image[k] * factor
            slope = max(float(frame.max()), 1e-6) / 32000.0
            ds.RescaleSlope, ds.RescaleIntercept = f"{slope:.10g}", 0
            ds.PixelSpacing = list(grid.spacing_mm[1:])
            ds.SliceThickness = grid.spacing_mm[0]
            ds.ImagePositionPatient = [f"{x:.10g}" for x in positions[k]]
            ds.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
            self.radiopharmaceutical(ds, "PT")
            self.pixels(ds, dithered(frame / slope).astype(np.int16)[None])
            if change:
                change(ds)
            paths.append(self.save(ds, f"{name}/slice{k:03d}.dcm"))
        return paths

    def ct(
        self, name: str, hu: np.ndarray, grid: Grid, hours: float = 4.0, syntax: str | None = None
    ) -> str:
        uid = generate_uid()
        _, positions, orientation = right_handed(hu, grid)
        begun = self.injected + datetime.timedelta(hours=hours)
        for k in range(len(hu)):
            ds = self.base(CT, "CT", uid)
            ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            ds.AcquisitionDate, ds.AcquisitionTime = f"{begun:%Y%m%d}", f"{begun:%H%M%S}"
            ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
            ds.PixelSpacing, ds.SliceThickness = list(grid.spacing_mm[1:]), grid.spacing_mm[0]
            ds.ImagePositionPatient = [f"{x:.10g}" for x in positions[k]]
            ds.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
            self.pixels(ds, (hu[k] + 1024).astype(np.uint16)[None], syntax)
            self.save(ds, f"{name}/{k:03d}", syntax)
        return uid

    # --- volumes of interest

    def seg(self, name: str, labels: np.ndarray, names: dict[int, str], grid: Grid) -> Path:
        _, positions, orientation = right_handed(labels, grid)
        ds = self.base("1.2.840.10008.5.1.4.1.1.66.4", "SEG", generate_uid())
        ds.SegmentationType = "BINARY"
        ds.SegmentSequence = []
        frames, groups = [], []
        for value, label in names.items():
            item = Dataset()
            item.SegmentNumber, item.SegmentLabel = value, label
            ds.SegmentSequence.append(item)
            for k in np.flatnonzero((labels == value).any(axis=(1, 2))):
                group, plane, segment = Dataset(), Dataset(), Dataset()
                plane.ImagePositionPatient = [f"{x:.10g}" for x in positions[k]]
                segment.ReferencedSegmentNumber = value
                group.PlanePositionSequence = [plane]
                group.SegmentIdentificationSequence = [segment]
                groups.append(group)
                frames.append(labels[k] == value)
        shared, measures, plane = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing = list(grid.spacing_mm[1:])
        measures.SpacingBetweenSlices = measures.SliceThickness = grid.spacing_mm[0]
        plane.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
        ds.SharedFunctionalGroupsSequence = [shared]
        ds.PerFrameFunctionalGroupsSequence = groups
        ds.NumberOfFrames, ds.Rows, ds.Columns = len(frames), *labels.shape[1:]
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated = ds.BitsStored = 1
        ds.HighBit = ds.PixelRepresentation = 0
        bits = np.packbits(np.array(frames).reshape(-1), bitorder="little").tobytes()
        ds.PixelData = bits + b"\0" * (len(bits) % 2)
        ds["PixelData"].VR = "OB"
        return self.save(ds, name, "explicit")

    def rtstruct(
        self, name: str, labels: np.ndarray, names: dict[int, str], grid: Grid, ct_uid: str
    ) -> Path:
        """Each row of voxels as a thin rectangle of its own: exact, however the shape."""
        ds = self.base("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT", generate_uid())
        del ds.FrameOfReferenceUID
        series, study, frame = Dataset(), Dataset(), Dataset()
        series.SeriesInstanceUID = ct_uid
        study.RTReferencedSeriesSequence = [series]
        frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = self.frame_uid, [study]
        ds.ReferencedFrameOfReferenceSequence = [frame]
        ds.StructureSetROISequence, ds.ROIContourSequence = [], []
        for value, label in names.items():
            roi, structure = Dataset(), Dataset()
            roi.ROINumber, roi.ROIName = value, label
            structure.ReferencedROINumber, structure.ContourSequence = value, []
            for k, j in zip(*np.nonzero((labels == value).any(axis=2)), strict=True):
                at = np.flatnonzero(labels[k, j] == value)
                a, b = at.min() - 0.5, at.max() + 0.5
                assert len(at) == b - a
                corners = np.array([(a, j - 0.4), (b, j - 0.4), (b, j + 0.4), (a, j + 0.4)])
                points = grid.positions(np.column_stack([corners, np.full(4, k)]).T).T
                contour = Dataset()
                contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 4
                contour.ContourData = [f"{x:.8g}" for x in points.reshape(-1)]
                structure.ContourSequence.append(contour)
            ds.StructureSetROISequence.append(roi)
            ds.ROIContourSequence.append(structure)
        return self.save(ds, name)


def dithered(values: np.ndarray) -> np.ndarray:
    """Whole numbers whose mean is that of the values, where rounding would shift even ones."""
    return np.floor(values + np.random.default_rng(7).random(values.shape))


def decayed(correction: str, hours: float, duration_s: float) -> float:
    """What a scanner stores, over the activity at the start of the scan."""
    if correction == "START":
        return 1.0
    if correction == "ADMIN":
        return exp(LAMBDA_PER_H * hours)
    x = LAMBDA_PER_H * duration_s / 3600.0
    return -expm1(-x) / x


def _compressed(frame: np.ndarray, syntax: str) -> bytes:
    import tempfile

    if syntax == "rle":
        from pydicom.pixels.encoders import RLELosslessEncoder

        options = {
            "rows": frame.shape[0], "columns": frame.shape[1], "samples_per_pixel": 1,
            "bits_allocated": 16, "bits_stored": 16, "pixel_representation": 0,
            "photometric_interpretation": "MONOCHROME2", "number_of_frames": 1,
        }  # fmt: skip
        return RLELosslessEncoder.encode(frame.astype("<u2").tobytes(), **options)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.dcm"
        writer = sitk.ImageFileWriter()
        writer.SetFileName(str(path))
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG2000")
        writer.Execute(sitk.GetImageFromArray(frame))
        ds = pydicom.dcmread(path)
        assert ds.file_meta.TransferSyntaxUID == JPEG2000Lossless
        from pydicom.encaps import generate_frames

        return next(generate_frames(ds.PixelData, number_of_frames=1))


class SmallStudy(StudyWriter):
    """The small case as DICOM."""

    def __init__(self, folder: Path, case: Any, syntax: str = "explicit") -> None:
        super().__init__(folder, syntax)
        self.case = case
        self.hours = [point["hours"] for point in case.data["time_points"]]
        names = case.data["segmentation"]["labels"]
        self.names = {int(value): name for value, name in names.items()}

    def volume(self, name: str) -> tuple[np.ndarray, Grid]:
        volume = read_volume(self.case.folder / name, name)
        return volume.values.astype(np.float64), volume.grid

    def nm_scans(self, **options: Any) -> list[Path]:
        return [
            self.nm(f"nm{n}.dcm", *self.volume(f"spect_{n}.nrrd"), hours, **options)
            for n, hours in enumerate(self.hours, start=1)
        ]

    def pt_scans(self, **options: Any) -> list[list[Path]]:
        return [
            self.pt(f"pt{n}", *self.volume(f"spect_{n}.nrrd"), hours, **options)
            for n, hours in enumerate(self.hours, start=1)
        ]

    def anatomy(self, ct_syntax: str | None = None, contours: bool = False) -> None:
        uid = self.ct("ct", *self.volume("ct.nrrd"), syntax=ct_syntax)
        labels, grid = self.volume("organs.nrrd")
        if contours:
            self.rtstruct("organs.dcm", labels, self.names, grid, uid)
        else:
            self.seg("organs.dcm", labels, self.names, grid)


@pytest.fixture
def study(case_folder, tmp_path):
    case_folder.change("administered_activity_MBq", to=None)
    return SmallStudy(tmp_path / "dicom", case_folder)


def organ_doses(organs: Any) -> dict[str, float]:
    return {organ.name: organ.mean_dose_Gy for organ in organs}


@pytest.fixture
def imported(tmp_path):
    """Import a study and give its case.json."""

    def run(folder: Path, supply: dict | None = None, *more: str) -> Path:
        arguments = ["dicom-import", str(folder), "-o", str(tmp_path / "imported"), *more]
        if supply is not None:
            (tmp_path / "supply.json").write_text(json.dumps(supply))
            arguments += ["--supply", str(tmp_path / "supply.json")]
        assert main(arguments) == DONE
        return tmp_path / "imported" / "case.json"

    return run


@pytest.fixture
def refused_import(tmp_path, capfd):
    """Import a study, which must be refused in one sentence with nothing written; the sentence."""

    def run(folder: Path, supply: dict | None = None) -> str:
        arguments = ["dicom-import", str(folder), "-o", str(tmp_path / "imported")]
        if supply is not None:
            (tmp_path / "supply.json").write_text(json.dumps(supply))
            arguments += ["--supply", str(tmp_path / "supply.json")]
        capfd.readouterr()
        code = main(arguments)
        said = capfd.readouterr()
        assert (code, said.out) == (INVALID, ""), said.err
        assert said.err.startswith("ludosimetry: ")
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err
        assert not (tmp_path / "imported").exists()
        assert not any(secret in said.err for secret in SECRETS)
        return said.err

    return run


@pytest.fixture
def same_doses(case_folder, tmp_path):
    """Calculate an imported case: organ doses within 0.1 % of those of the NRRD case."""

    def check(case: Path, *, written: bool = False) -> Path:
        """With the result folder, from the shell's command, if it is needed."""
        content = json.loads(case.read_text())
        content["options"]["dose_method"] = "local"
        case.write_text(json.dumps(content))
        expected = organ_doses(run_case(Case.read(case_folder.file)).organs)
        if written:
            assert main(["run", str(case), "-o", str(tmp_path / "result")]) == DONE
        found = organ_doses(run_case(Case.read(case)).organs)
        assert found == pytest.approx(expected, rel=1e-3)
        return tmp_path / "result"

    return check
