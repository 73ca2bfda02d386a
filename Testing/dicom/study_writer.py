"""NM, PT and CT of one patient, written as cameras write them."""

import datetime
import tempfile
from math import exp, expm1, log
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    generate_uid,
)

from LuDosimetryLib.image.grid import Grid

INJECTED = datetime.datetime(2024, 1, 31, 9, 30)
LAMBDA_PER_H = log(2.0) / (6.647 * 24.0)
NM, PT, CT = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("20", "128", "2"))
STUDY_UID, FRAME_UID = generate_uid(), generate_uid()
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
    """Writes NM, PT and CT of one patient to a folder."""

    def __init__(self, folder: Path, syntax: str = "explicit") -> None:
        self.folder = folder
        self.syntax = syntax
        self.study_uid, self.frame_uid = STUDY_UID, FRAME_UID
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
        signed: bool = False,
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
        kind, most = (np.int16, 32760.0) if signed else (np.uint16, 60000.0)
        slope = float(image.max()) / most
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
        self.pixels(ds, dithered(image / slope).astype(kind), syntax)
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
        self,
        name: str,
        hu: np.ndarray,
        grid: Grid,
        hours: float = 4.0,
        syntax: str | None = None,
        change: Any = None,
    ) -> str:
        """A CT series; ``change`` is given each data set and its k."""
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
            if change:
                change(ds, k)
            self.save(ds, f"{name}/{k:03d}", syntax)
        return uid


def dithered(values: np.ndarray) -> np.ndarray:
    """Whole numbers whose sums along rows are those of the values, where rounding would shift even ones."""
    sums = np.rint(np.cumsum(values.reshape(-1)))
    return np.diff(sums, prepend=0.0).reshape(values.shape)


def decayed(correction: str, hours: float, duration_s: float) -> float:
    """What a scanner stores, over the activity at the start of the scan."""
    if correction == "START":
        return 1.0
    if correction == "ADMIN":
        return exp(LAMBDA_PER_H * hours)
    x = LAMBDA_PER_H * duration_s / 3600.0
    return -expm1(-x) / x


def _compressed(frame: np.ndarray, syntax: str) -> bytes:
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
        return next(generate_frames(ds.PixelData, number_of_frames=1))
