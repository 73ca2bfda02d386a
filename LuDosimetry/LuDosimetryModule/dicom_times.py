"""Time, unit and activity from the DICOM files of loaded volumes; voxels as an import reads them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.administration import administration_of, common_moment
from LuDosimetryLib.dicom.scale import activity_scale
from LuDosimetryLib.dicom.study_files import scan_of
from LuDosimetryLib.dicom_files.folder import read_header
from LuDosimetryLib.dicom_files.header import Header
from LuDosimetryLib.dicom_files.moment import Moment, acquired, zone_of
from LuDosimetryLib.tissue.nuclide import read_nuclide

from .dicom_voxels import UIDS, holds, volume_node


@dataclass
class DicomTimes:
    """
    Values found in DICOM headers.

    Attributes
    ----------
    hours : dict of int to float
        Hours after administration [h], by index of the scan.
    units : dict of int to str
    volumes : dict of int to vtkMRMLScalarVolumeNode
        Nodes to use instead of the loaded ones.
    administered_MBq : float or None
    log : Log
        Missing values and assumptions.
    """

    hours: dict[int, float] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    volumes: dict[int, Any] = field(default_factory=dict)
    administered_MBq: float | None = None
    log: Log = field(default_factory=Log)

    @property
    def remarks(self) -> list[str]:
        """What is missing, or was assumed."""
        return self.log.remarks


def read_dicom_times(spects: list[Any]) -> DicomTimes:
    """
    Read hours after administration, unit and administered activity of volumes loaded from DICOM.

    Nothing is guessed: missing and contradictory values are remarks. Where the application has
    loaded other voxels than an import would read (it applies neither real-world value mappings nor
    decay correction), a volume as the import reads it replaces them.

    Parameters
    ----------
    spects : list of vtkMRMLScalarVolumeNode or None
    """
    found = DicomTimes()
    starts: dict[int, Moment] = {}
    files: dict[int, list[Header]] = {}
    administrations = []
    for n, node in enumerate(spects):
        if node is None:
            continue
        try:
            headers = _headers(node)
            if not headers:
                found.log.remark(
                    _("{name} was not loaded from DICOM; enter its time by hand.").format(
                        name=node.GetName()
                    )
                )
                continue
            files[n] = headers
            administrations.append(administration_of(headers[0], found.log))
            _unit(headers[0], n, node, found)
            moments = [acquired(header, zone_of(header), found.log) for header in headers]
            known = [moment for moment in moments if moment is not None]
            if known:
                starts[n] = min(known, key=lambda moment: moment.clock)
            else:
                found.log.remark(
                    _(
                        "{name}: AcquisitionTime (0008,0032) is missing; enter its time by hand."
                    ).format(name=node.GetName())
                )
        except InvalidInput as error:
            found.log.remark(f"{node.GetName()}: {error}")
    _hours(starts, administrations, spects, found)
    for n, headers in files.items():
        if n in found.units:
            _voxels(headers, n, spects[n], found)
    return found


def _voxels(headers: list[Header], n: int, node: Any, found: DicomTimes) -> None:
    """Replace a volume that does not hold the activity at the time of the scan."""
    try:
        scan = scan_of(headers, found.log)
        nuclide = read_nuclide("Lu-177")
        decay = scan.decay(None, found.hours.get(n, 0.0), nuclide, found.log)
        if decay.correction == "ADMIN" and n not in found.hours:
            found.log.remark(
                _(
                    "{name} is corrected for decay to the administration, whose time is unknown: its activity at the scan "
                    "cannot be calculated; import the study with 'ludosimetry dicom-import'."
                ).format(name=node.GetName())
            )
            return
        volume = scan.read(decay, None, found.log)
        if found.units[n] == "counts" and scan.duration_s:
            found.log.remark(
                _("{name} took {seconds:g} s according to its header: {source}.").format(
                    name=node.GetName(),
                    seconds=scan.duration_s,
                    source=scan.beds[0].duration_by,
                )
            )
    except InvalidInput as error:
        found.log.remark(f"{node.GetName()}: {error}")
        return
    if holds(node, volume):
        return
    found.volumes[n] = volume_node(
        volume, _("{name}, activity at the scan").format(name=node.GetName()), node
    )
    found.log.remark(
        _(
            "{name} was loaded with other values than its files give for the activity at the scan; a volume read from the "
            "files replaces it."
        ).format(name=node.GetName())
    )


def _hours(
    starts: dict[int, Moment], administrations: list[Any], spects: list[Any], found: DicomTimes
) -> None:
    if not administrations or not starts:
        return
    activities = [a.activity_MBq for a in administrations if a.activity_MBq is not None]
    found.administered_MBq = activities[0] if activities else None
    try:
        administered = common_moment(administrations)
    except InvalidInput as error:
        found.log.remark(str(error))
        return
    if administered is None:
        found.log.remark(
            _(
                "the headers do not say when the radiopharmaceutical was administered (RadiopharmaceuticalStartDateTime "
                "(0018,1078)); enter the hours by hand."
            )
        )
        return
    for n, start in starts.items():
        hours = start.hours_since(administered)
        if hours > 0.0:
            found.hours[n] = round(hours, 4)
        else:
            found.log.remark(
                _("{name} starts before the administration; check its time.").format(
                    name=spects[n].GetName()
                )
            )


def _unit(header: Header, n: int, node: Any, found: DicomTimes) -> None:
    try:
        found.units[n] = activity_scale(header, None, found.log).unit
    except InvalidInput:
        found.log.remark(
            _("{name}: the headers give no unit; choose it by hand.").format(name=node.GetName())
        )


def _headers(node: Any) -> list[Header]:
    # set by the module DICOM
    database = getattr(slicer, "dicomDatabase", None)
    uids = (node.GetAttribute(UIDS) or "").split()
    headers = []
    for uid in uids:
        path = database.fileForInstance(uid) if database is not None else ""
        if path and Path(path).is_file():
            header = read_header(Path(path))
            if header is not None:
                headers.append(header)
    return headers
