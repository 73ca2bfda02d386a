"""
Enhanced multi-frame CT and PET (DICOM PS3.3, A.38 and A.56), and classic ones converted to them.

Each frame is given the attributes that a single-frame object would have, so that nothing else needs
to know of functional groups.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .header import Header
from .moment import Moment, date_time, zone_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


_SHARED, _PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
_MACROS = (
    *("FrameContentSequence", "PixelMeasuresSequence", "PlanePositionSequence"),
    *("PlaneOrientationSequence", "PixelValueTransformationSequence"),
    *("UnassignedSharedConvertedAttributesSequence",),
    *("UnassignedPerFrameConvertedAttributesSequence",),
)
_FRAME_TYPES = ("CTImageFrameTypeSequence", "PETFrameTypeSequence")
_SAME_S = 60.0


@dataclass(frozen=True)
class FrameAttributes:
    """
    The attributes of a frame, as a data set.

    Attributes
    ----------
    layers : tuple of Dataset
        The first that has an attribute tells it: groups of the frame, those of all frames, the object.
    own : dict of str to value
        By keyword: attributes that have other names in enhanced objects; None hides one.
    """

    layers: tuple["Dataset", ...]
    own: dict[str, Any] = field(default_factory=dict)

    def get(self, keyword: str) -> Any:
        """The value of an attribute; None if absent."""
        if keyword in self.own:
            return self.own[keyword]
        values = (layer.get(keyword) for layer in self.layers)
        return next((value for value in values if value is not None), None)

    def private_block(self, group: int, creator: str) -> Any:
        """A private block, as of a data set."""
        for layer in self.layers:
            try:
                return layer.private_block(group, creator)
            except KeyError:
                continue
        raise KeyError(creator)


def frames_of(header: Header) -> list[Header]:
    """
    Headers of the frames of an enhanced object, as of single-frame images.

    Raises
    ------
    InvalidInput
        If frames lack their functional groups.
    """
    count = header.needed_whole("NumberOfFrames")
    groups = header.items(_PER_FRAME)
    if len(groups) != count:
        raise header.refused(_PER_FRAME, f"has {len(groups)} items for {count} frames")
    shared = list(_layers(header.first_item(_SHARED)))
    frames = []
    for n, group in enumerate(groups):
        layers = (*_layers(group), *shared, header.dataset)
        attributes = FrameAttributes(layers)
        frame = Header(header.path, attributes, header.given, frame=n, series=header.series)
        attributes.own.update(_frame_type(group) or _frame_type(header.first_item(_SHARED)))
        if frame.get("FrameAcquisitionDateTime") is not None:
            attributes.own["AcquisitionDateTime"] = frame.get("FrameAcquisitionDateTime")
            attributes.own["AcquisitionDate"] = attributes.own["AcquisitionTime"] = None
        if frame.get("FrameAcquisitionDuration") is not None:
            attributes.own["ActualFrameDuration"] = frame.get("FrameAcquisitionDuration")
        frames.append(frame)
    if header.get("DecayCorrected") is not None:
        correction = _decay_correction(header, frames)
        for frame in frames:
            frame.dataset.own["DecayCorrection"] = correction
    return frames


def _layers(group: Header | None) -> Iterator["Dataset"]:
    if group is None:
        return
    for macro in _MACROS:
        for item in group.items(macro)[:1]:
            yield item.dataset
    yield group.dataset


def _frame_type(group: Header | None) -> dict[str, Any]:
    for keyword in _FRAME_TYPES:
        item = None if group is None else group.first_item(keyword)
        if item is not None and item.get("FrameType") is not None:
            return {"ImageType": item.get("FrameType")}
    return {}


def _decay_correction(header: Header, frames: list[Header]) -> str | None:
    """DecayCorrection as classic PET tells it; None if it was made to some other time."""
    if header.text("DecayCorrected").upper() == "NO":
        return "NONE"
    zone = zone_of(header)
    reference = date_time(header, "DecayCorrectionDateTime", zone)
    if reference is None:
        return None
    starts = [date_time(frame, "AcquisitionDateTime", zone) for frame in frames]
    known = [start for start in starts if start is not None]
    item = header.first_item("RadiopharmaceuticalInformationSequence")
    given = None if item is None else date_time(item, "RadiopharmaceuticalStartDateTime", zone)
    if known and _same(reference, min(known, key=lambda start: start.clock)):
        return "START"
    return "ADMIN" if given is not None and _same(reference, given) else None


def _same(a: Moment, b: Moment) -> bool:
    return abs(a.hours_since(b)) * 3600.0 < _SAME_S
