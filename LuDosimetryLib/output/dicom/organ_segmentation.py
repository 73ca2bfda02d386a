"""The volumes of interest as a DICOM segmentation object."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ...result.result import ResultData
from ...voi.terminology import terminology_of
from .planes import Planes, decimals
from .result_study import ResultStudy

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def organ_segmentation(result: ResultData, study: ResultStudy, planes: Planes) -> "Dataset":
    """Make the object: masks on the grid of the dose, one bit a voxel, which may overlap."""
    from highdicom.seg import Segmentation as SegmentationObject
    from highdicom.seg import SegmentationTypeValues
    from pydicom.uid import ExplicitVRLittleEndian

    masks = np.stack([planes.stacked(mask) for mask in result.vois.values()], axis=-1)
    positions, orientation, measures = plane_sequences(planes)
    dataset = SegmentationObject(
        source_images=[study.stand_in(planes, result.grid.shape)],
        pixel_array=masks.astype(np.uint8),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(n, name) for n, name in enumerate(result.vois, 1)],
        plane_positions=positions,
        plane_orientation=orientation,
        pixel_measures=measures,
        content_label="ORGANS",
        content_description="Volumes of interest of the dose",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **study.series_arguments("segmentation"),
    )
    study.stamp(dataset, "Volumes of interest")
    without_stand_in(dataset)
    study.refer_to_sources(dataset)
    return dataset


def plane_sequences(planes: Planes) -> tuple[list[Any], Any, Any]:
    """Write positions, orientation and voxel size as highdicom takes them."""
    from highdicom import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence

    patient = "PATIENT"
    return (
        [PlanePositionSequence(patient, position) for position in planes.positions],
        PlaneOrientationSequence(patient, [float(x) for x in decimals(planes.orientation)]),
        PixelMeasuresSequence(
            pixel_spacing=planes.pixel_spacing,
            slice_thickness=planes.spacing_mm,
            spacing_between_slices=planes.spacing_mm,
        ),
    )


def without_stand_in(dataset: "Dataset") -> None:
    """Remove references to the image that stood in for the sources."""
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        if "DerivationImageSequence" in frame:
            frame.DerivationImageSequence = []


def _description(number: int, name: str) -> Any:
    from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription
    from pydicom.sr.coding import Code

    category, kind = (
        Code(value, scheme, meaning) for scheme, value, meaning in terminology_of(name)
    )
    return SegmentDescription(
        segment_number=number,
        segment_label=name[:64],
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.MANUAL,
    )
