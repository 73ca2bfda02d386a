"""The dose as a DICOM RTDOSE object, by the conventions of SlicerRT."""

from typing import TYPE_CHECKING

import numpy as np

from ...base.wording import warnings_in_short
from ...dicom_files.kinds import RTDOSE
from ...result.result import ResultData
from .planes import Planes, decimal, decimals
from .result_study import MANUFACTURER, MODEL, SERIAL_NUMBER, ResultStudy
from .wording import method_in_short, method_in_words, series_description

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_PLAN_CLASS = "1.2.840.10008.5.1.4.1.1.481.5"
_MOST_STORED = 2**16 - 1
"""Greatest value of 16 bits, which every reader and checker takes; 32 some do not."""


def dose_object(result: ResultData, study: ResultStudy, planes: Planes) -> "Dataset":
    """
    Make the object of the chosen dose.

    The grid scaling spreads 16 bits over the greatest dose, so a voxel is off by less than
    0.0008 % of it. Frames follow the normal of the planes.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    study.stamp(dataset, series_description(f"Absorbed dose, {result.dose_method}"))
    series = study.series_arguments("dose")
    dataset.SOPClassUID = RTDOSE
    dataset.SOPInstanceUID = series["sop_instance_uid"]
    dataset.SeriesInstanceUID = series["series_instance_uid"]
    dataset.SeriesNumber = series["series_number"]
    dataset.InstanceNumber = 1
    dataset.Modality = "RTDOSE"
    dataset.OperatorsName = ""
    dataset.Manufacturer, dataset.ManufacturerModelName = MANUFACTURER, MODEL
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = SERIAL_NUMBER, study.version
    for moment in ("InstanceCreation", "Content", "Series"):
        setattr(dataset, f"{moment}Date", f"{study.made:%Y%m%d}")
        setattr(dataset, f"{moment}Time", f"{study.made:%H%M%S}")
    _geometry(dataset, planes, result.grid.shape)
    _values(dataset, planes.stacked(result.dose))
    dataset.DoseUnits = "GY"
    dataset.DoseType = "PHYSICAL"
    dataset.DoseSummationType = "PLAN"
    dataset.DoseComment = method_in_short(result)
    dataset.DerivationDescription = method_in_words(result)
    if result.warnings:
        dataset.ImageComments = "\r\n".join(["Warnings:", *warnings_in_short(result.warnings)])
    # the standard asks for a plan; radionuclide therapy has none, so its UID is a generated one
    plan = Dataset()
    plan.ReferencedSOPClassUID = _PLAN_CLASS
    plan.ReferencedSOPInstanceUID = generate_uid(prefix=None)
    dataset.ReferencedRTPlanSequence = [plan]
    study.refer_to_sources(dataset)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _geometry(dataset: "Dataset", planes: Planes, shape: tuple[int, int, int]) -> None:
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = shape
    dataset.ImagePositionPatient = decimals(planes.positions[0])
    dataset.ImageOrientationPatient = decimals(planes.orientation)
    dataset.PixelSpacing = decimals(planes.pixel_spacing)
    dataset.SliceThickness = decimal(planes.spacing_mm)
    dataset.GridFrameOffsetVector = decimals(np.arange(shape[0]) * planes.spacing_mm)
    dataset.FrameIncrementPointer = 0x3004000C


def _values(dataset: "Dataset", dose: np.ndarray) -> None:
    dataset.ImageType = ["DERIVED", "SECONDARY", "DOSE"]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    most = float(dose.max(initial=0.0))
    scaling = decimal(most / _MOST_STORED) if most > 0.0 else "1"
    dataset.DoseGridScaling = scaling
    stored = np.rint(dose.astype(np.float64) / float(scaling)).clip(0, _MOST_STORED)
    dataset.PixelData = stored.astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
