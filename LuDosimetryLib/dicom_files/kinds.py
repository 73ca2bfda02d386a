"""DICOM classes: the kind of each object, and which images cannot be used."""

import re

from .header import Header

NM = "1.2.840.10008.5.1.4.1.1.20"
PT = "1.2.840.10008.5.1.4.1.1.128"
ENHANCED_PT = ("1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.128.1")
CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
SEGMENTATION = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"
NEEDED = (NM, PT, *ENHANCED_PT, CT, *ENHANCED_CT, *SEGMENTATION, RTSTRUCT)
_STORAGE = "1.2.840.10008.5.1.4.1.1."

_NM_IMAGE_TYPES = {
    "STATIC": "a planar image",
    "WHOLE BODY": "a planar whole-body image",
    "DYNAMIC": "a planar dynamic image",
    "GATED": "a gated planar image",
    "TOMO": "projections that are not reconstructed",
    "GATED TOMO": "gated projections that are not reconstructed",
    "RECON GATED TOMO": "a gated reconstruction",
}
_RENDERED = {
    "MIP": "a maximum intensity projection",
    "MAX_IP": "a maximum intensity projection",
    "MIN_IP": "a minimum intensity projection",
    "PROJECTION IMAGE": "a projection through the volume",
    "REPROJECTION": "a reprojection",
    "VOLUME_RENDER": "a rendering",
    "VRT": "a rendering",
    "SCREEN SAVE": "a screen capture",
    "SCREEN_SAVE": "a screen capture",
    "SCREENSHOT": "a screen capture",
}
_LOCALIZERS = ("LOCALIZER", "SCOUT", "TOPOGRAM")
_ATTENUATION_UNITS = ("1CM", "PROPCM")
_ATTENUATION = re.compile(
    r"(?i)(?<![a-z])(mu|u|µ|μ|ac|ctac)[ _-]?maps?(?![a-z])|attenuation[ _-]?(corr\w*[ _-]?)?maps?"
)


def is_needed(sop_class: str) -> bool:
    """Whether an object of a class may be a scan, CT or segmentation; so may one of no known class."""
    from pydicom.uid import UID

    uid = UID(sop_class)
    return sop_class in NEEDED or not sop_class.startswith(_STORAGE) or uid.name == str(uid)


def image_types(header: Header) -> list[str]:
    """The values of ImageType (0008,0008) in upper case."""
    # one writer of reconstructions stores the values as one text, in brackets and quotation marks
    texts = header.texts("ImageType")
    return [value.strip(" []'\"").upper() for text in texts for value in text.split(",")]


def why_unusable(header: Header) -> str:
    """Why an NM image cannot be used, in words; empty if it is a reconstructed volume."""
    values = image_types(header)
    kind = values[2] if len(values) > 2 else ""
    if kind == "RECON TOMO":
        if "TRANSMISSION" in values[3:4]:
            return "it is a transmission image, of attenuation (ImageType (0008,0008))"
        return _why_no_emission(header) or _why_several(header)
    what = _NM_IMAGE_TYPES.get(kind, f"of the kind {kind!r}" if kind else "of no stated kind")
    return f"it is {what} (ImageType (0008,0008)); only reconstructed tomograms (RECON TOMO) give a dose"


def is_unclear(header: Header) -> bool:
    """Whether an NM image has the geometry of a tomogram, and an ImageType that says neither yes nor no."""
    values = image_types(header)
    known = len(values) > 2 and (values[2] in _NM_IMAGE_TYPES or values[2] == "RECON TOMO")
    frames = header.number("NumberOfFrames") or 1.0
    lies = any(
        item.get("ImagePositionPatient")
        for item in [header, *header.items("DetectorInformationSequence")]
    )
    return (
        not known
        and not _rendered(header)
        and frames > 1.0
        and lies
        and header.get("SpacingBetweenSlices") is not None
    )


def is_raw_tomogram(header: Header) -> bool:
    """Whether an NM image holds the projections of a tomogram."""
    return image_types(header)[2:3] == ["TOMO"]


def why_no_pt_volume(header: Header) -> str:
    """Why a PT series cannot be used, in words; empty if it is a static volume."""
    kinds = [text.upper() for text in header.texts("SeriesType")]
    for word in ("GATED", "DYNAMIC"):
        if word in kinds:
            return f"SeriesType (0054,1000) is {word.lower()}"
    if "REPROJECTION" in kinds:
        return "it is a reprojection (SeriesType (0054,1000))"
    if (header.number("NumberOfTimeSlices") or 1.0) > 1.0:
        return "it is a dynamic series (NumberOfTimeSlices (0054,0101))"
    if header.text("Units") in _ATTENUATION_UNITS:
        return "it is a map of attenuation (Units (0054,1001))"
    return _why_no_emission(header)


def why_no_ct_slice(header: Header) -> str:
    """Why a CT image is no slice of the patient, in words; empty if it is one."""
    values = image_types(header)
    if any(word in values for word in _LOCALIZERS):
        return "localizers"
    if what := _rendered(header):
        return f"images of which each is {what}"
    return ""


def _rendered(header: Header) -> str:
    if (header.number("SamplesPerPixel") or 1.0) > 1.0:
        return "a screen capture"
    return next((_RENDERED[value] for value in image_types(header) if value in _RENDERED), "")


def _why_no_emission(header: Header) -> str:
    if what := _rendered(header):
        return f"it is {what} (ImageType (0008,0008))"
    if _ATTENUATION.search(header.text("SeriesDescription")):
        return "it is a map of attenuation (SeriesDescription (0008,103E))"
    return ""


def _why_several(header: Header) -> str:
    """Gated and dynamic reconstructions that ImageType does not tell from others."""
    for keyword, what in (
        ("TimeSlotVector", "gated"),
        ("TimeSliceVector", "dynamic"),
        ("PhaseVector", "dynamic"),
    ):
        if len(set(header.numbers(keyword) or [])) > 1:
            return f"it is a {what} reconstruction ({keyword})"
    return ""
