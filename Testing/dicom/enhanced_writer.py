"""Enhanced multi-frame objects of classic slices: written by hand, and converted by highdicom."""

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from LuDosimetryLib.dicom_files.kinds import ENHANCED_CT, ENHANCED_PT

from .study_writer import code, stamp

_OF_SLICES = (
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"),
    *("RescaleSlope", "RescaleIntercept", "RescaleType", "Units", "DecayCorrection"),
    *("AcquisitionDate", "AcquisitionTime", "ActualFrameDuration", "PixelData"),
)


def taken(paths):
    """Data sets of classic slices, whose files go away."""
    slices = [pydicom.dcmread(path) for path in paths]
    for path in paths:
        path.unlink()
    return slices


def group(**values):
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return [item]


def enhanced(study, paths, name, *, decay_corrected=None, corrected_to=None, change=None):
    """An enhanced object of classic slices, the decimals of geometry and scale as they were."""
    slices = taken(paths)
    first, is_ct = slices[0], slices[0].Modality == "CT"
    ds = Dataset()
    for element in first:
        if element.keyword not in _OF_SLICES:
            ds.add(element)
    ds.SOPClassUID = (ENHANCED_CT if is_ct else ENHANCED_PT)[0]
    ds.SOPInstanceUID = generate_uid()
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.NumberOfFrames = len(slices)
    if decay_corrected is not None:
        ds.DecayCorrected = decay_corrected
    if corrected_to is not None:
        ds.DecayCorrectionDateTime = stamp(corrected_to)
    shared = Dataset()
    shared.PixelMeasuresSequence = group(
        PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness
    )
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=first.ImageOrientationPatient)
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = []
    for slice_ in slices:
        frame = Dataset()
        frame.PlanePositionSequence = group(ImagePositionPatient=slice_.ImagePositionPatient)
        content = group(FrameAcquisitionDateTime=slice_.AcquisitionDate + slice_.AcquisitionTime)
        if not is_ct:
            content[0].FrameAcquisitionDuration = float(slice_.ActualFrameDuration)
            mapping = group(
                MeasurementUnitsCodeSequence=[code("Bq/ml", "UCUM", "Becquerels/milliliter")],
                RealWorldValueSlope=float(slice_.RescaleSlope),
                RealWorldValueIntercept=0.0,
                LUTLabel="BQML",
            )
            frame.RealWorldValueMappingSequence = mapping
        frame.FrameContentSequence = content
        frame.PixelValueTransformationSequence = group(
            RescaleSlope=slice_.RescaleSlope,
            RescaleIntercept=slice_.RescaleIntercept,
            RescaleType="HU" if is_ct else "US",
        )
        ds.PerFrameFunctionalGroupsSequence.append(frame)
    values = np.stack([slice_.pixel_array for slice_ in slices])
    study.pixels(ds, values)
    if change:
        change(ds)
    return study.save(ds, name)


def converted(study, paths, name):
    """The legacy converted object that highdicom makes of classic slices."""
    pydicom.config.datetime_conversion = True  # which highdicom takes for granted
    try:
        return _converted(study, taken(paths), name)
    finally:
        pydicom.config.datetime_conversion = False


def _converted(study, slices, name):
    for n, slice_ in enumerate(slices, start=1):
        slice_.InstanceNumber = n
        slice_.Manufacturer, slice_.PositionReferenceIndicator = "none", ""
        slice_.SeriesDate = slice_.SeriesTime = slice_.Laterality = ""
    kind = {"CT": "LegacyConvertedEnhancedCTImage", "PT": "LegacyConvertedEnhancedPETImage"}
    import highdicom.legacy

    maker = getattr(highdicom.legacy, kind[slices[0].Modality])
    made = maker(slices, slices[0].SeriesInstanceUID, 7, generate_uid(), 1)
    if slices[0].Modality == "PT":  # whose scale highdicom leaves out
        for frame, slice_ in zip(made.PerFrameFunctionalGroupsSequence, slices, strict=True):
            scale = group(RescaleSlope=slice_.RescaleSlope, RescaleIntercept=0, RescaleType="US")
            frame.PixelValueTransformationSequence = scale
    path = study.folder / name
    made.save_as(path)
    return path
