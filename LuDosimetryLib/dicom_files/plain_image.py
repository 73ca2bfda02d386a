"""DICOM images that a case names directly, without an import: which of them mislead."""

from pathlib import Path

from .availability import missing_packages
from .folder import read_header
from .kinds import ENHANCED_CT, ENHANCED_PT, NM, why_unusable
from .private_elements import GE_PIXEL_SCALE, SIEMENS_SLOPE

_PREFIX_AT = 128


def check_plain_reading(path: Path) -> None:
    """
    Refuse a DICOM file whose voxels are not what ITK makes of them.

    ITK applies RescaleSlope and takes geometry from the detector of NM images, but knows neither
    real-world value mappings, makers' private scales nor decay correction, and reads enhanced
    multi-frame images by the scale and place of one frame.

    Parameters
    ----------
    path : Path
        Any image file; what is not DICOM passes.

    Raises
    ------
    InvalidInput
    """
    with path.open("rb") as file:
        file.seek(_PREFIX_AT)
        if file.read(4) != b"DICM":
            return
    if missing_packages(("pydicom",)):
        return
    header = read_header(path)
    if header is None:
        return
    remedy = "make a case of it by dicom-import"
    kind = header.text("SOPClassUID")
    if kind in (*ENHANCED_CT, *ENHANCED_PT):
        raise header.refused("SOPClassUID", f"is that of an enhanced multi-frame image; {remedy}")
    if kind != NM and header.text("Modality") not in ("NM", "PT"):
        return
    if kind == NM and (why := why_unusable(header)):
        raise header.refused("ImageType", f"tells that {why}")
    if header.items("RealWorldValueMappingSequence"):
        raise header.refused("RealWorldValueMappingSequence", f"gives the unit; {remedy}")
    if header.get("RescaleSlope") is None:
        for element in (GE_PIXEL_SCALE, SIEMENS_SLOPE):
            if element.number(header) not in (None, 1.0):
                raise header.refused(
                    "RescaleSlope", f"is missing, and {element} is there; {remedy}"
                )
    if header.text("DecayCorrection") == "ADMIN":
        raise header.refused(
            "DecayCorrection",
            f"is ADMIN, so this is not the activity at the time of the scan; {remedy}",
        )
