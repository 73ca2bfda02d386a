"""What is known of DICOM classes: which object is of which kind, and which NM image gives a dose."""

from .header import Header

NM = "1.2.840.10008.5.1.4.1.1.20"
PT = "1.2.840.10008.5.1.4.1.1.128"
ENHANCED_PT = ("1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.128.1")
CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
SEGMENTATION = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"


_NM_IMAGE_TYPES = {
    "STATIC": "a planar image",
    "WHOLE BODY": "a planar whole-body image",
    "DYNAMIC": "a planar dynamic image",
    "GATED": "a gated planar image",
    "TOMO": "projections that are not reconstructed",
    "GATED TOMO": "gated projections that are not reconstructed",
    "RECON GATED TOMO": "a gated reconstruction",
}


def why_unusable(header: Header) -> str:
    """Why an NM image cannot be used, in words; empty if it is a reconstructed volume."""
    # one writer of reconstructions stores the values as one text, in brackets and quotation marks
    values = [v.strip(" []'\"") for text in header.texts("ImageType") for v in text.split(",")]
    kind = values[2].upper() if len(values) > 2 else ""
    if kind == "RECON TOMO":
        if "TRANSMISSION" in (value.upper() for value in values[3:4]):
            return "it is a transmission image, of attenuation (ImageType (0008,0008))"
        return ""
    what = _NM_IMAGE_TYPES.get(kind, f"of the kind {kind!r}" if kind else "of no kind that is told")
    return f"it is {what} (ImageType (0008,0008)); only reconstructed tomograms (RECON TOMO) give a dose"
