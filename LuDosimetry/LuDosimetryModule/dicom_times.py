"""What the DICOM files of loaded volumes tell of time and activity."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.dicom.administration import administration_of, common_moment
from LuDosimetryLib.dicom.decay import decay_correction
from LuDosimetryLib.dicom.folder import read_header
from LuDosimetryLib.dicom.header import Header
from LuDosimetryLib.dicom.moment import Moment, acquired, zone_of
from LuDosimetryLib.dicom.scale import activity_scale
from LuDosimetryLib.errors import InvalidInput

_UIDS = "DICOM.instanceUIDs"
_MOST_FILES = 400


@dataclass
class DicomTimes:
    """
    What was found.

    Attributes
    ----------
    hours : dict of int to float
        By index of the scan [h].
    units : dict of int to str
    administered_MBq : float or None
    remarks : list of str
        What is missing, or was assumed.
    """

    hours: dict[int, float] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    administered_MBq: float | None = None
    remarks: list[str] = field(default_factory=list)


def read_dicom_times(spects: list[Any]) -> DicomTimes:
    """
    Hours after administration, unit and administered activity of volumes loaded from DICOM.

    Nothing is guessed: what the headers lack, or contradict, is a remark.

    Parameters
    ----------
    spects : list of vtkMRMLScalarVolumeNode or None
    """
    found = DicomTimes()
    starts: dict[int, Moment] = {}
    administrations = []
    for n, node in enumerate(spects):
        if node is None:
            continue
        try:
            headers = _headers(node)
            if not headers:
                found.remarks.append(
                    _("{name} was not loaded from DICOM; enter its time by hand.").format(
                        name=node.GetName()
                    )
                )
                continue
            administrations.append(administration_of(headers[0], found.remarks))
            _unit(headers[0], n, node, found)
            moments = [acquired(header, zone_of(header), found.remarks) for header in headers]
            known = [moment for moment in moments if moment is not None]
            if known:
                starts[n] = min(known, key=lambda moment: moment.clock)
            else:
                found.remarks.append(
                    _(
                        "{name}: AcquisitionTime (0008,0032) is missing; enter its time by hand."
                    ).format(name=node.GetName())
                )
        except InvalidInput as error:
            found.remarks.append(f"{node.GetName()}: {error}")
    _hours(starts, administrations, spects, found)
    return found


def _hours(
    starts: dict[int, Moment], administrations: list[Any], spects: list[Any], found: DicomTimes
) -> None:
    if not administrations or not starts:
        return
    told = [a.activity_MBq for a in administrations if a.activity_MBq is not None]
    found.administered_MBq = told[0] if told else None
    try:
        first = min(starts.values(), key=lambda moment: moment.clock)
        administered = common_moment(administrations, first, found.remarks)
    except InvalidInput as error:
        found.remarks.append(str(error))
        return
    if administered is None:
        found.remarks.append(
            _(
                "the headers do not tell when the radiopharmaceutical was given (RadiopharmaceuticalStartDateTime "
                "(0018,1078)); enter the hours by hand."
            )
        )
        return
    for n, start in starts.items():
        hours = start.hours_since(administered)
        if hours > 0.0:
            found.hours[n] = round(hours, 4)
        else:
            found.remarks.append(
                _("{name} starts before the administration; check its time.").format(
                    name=spects[n].GetName()
                )
            )


def _unit(header: Header, n: int, node: Any, found: DicomTimes) -> None:
    try:
        found.units[n] = activity_scale(header, None, found.remarks).unit
    except InvalidInput:
        found.remarks.append(
            _("{name}: the headers tell no unit; choose it by hand.").format(name=node.GetName())
        )
    if decay_correction(header, None, []) != "NONE":
        found.remarks.append(
            _(
                "{name} is corrected for decay, but the activity at the time of the scan is needed: import the study with "
                "'ludosimetry dicom-import', which undoes it."
            ).format(name=node.GetName())
        )


def _headers(node: Any) -> list[Header]:
    # the module DICOM puts it there
    database = getattr(slicer, "dicomDatabase", None)
    uids = (node.GetAttribute(_UIDS) or "").split()[:_MOST_FILES]
    headers = []
    for uid in uids:
        path = database.fileForInstance(uid) if database is not None else ""
        if path and Path(path).is_file():
            header = read_header(Path(path), {})
            if header is not None:
                headers.append(header)
    return headers
