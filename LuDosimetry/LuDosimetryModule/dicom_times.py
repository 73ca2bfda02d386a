"""What an import would find in the DICOM files of loaded volumes: times, units, activity and CTs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.administration import administration_of, common_moment
from LuDosimetryLib.dicom.scale import activity_scale
from LuDosimetryLib.dicom.scan_list import ListedScan, activity_in_view_MBq, listed_scan
from LuDosimetryLib.dicom.series_names import Identity
from LuDosimetryLib.dicom.spect_scan import Scan
from LuDosimetryLib.dicom.study_files import scan_of
from LuDosimetryLib.dicom_files.header import Header
from LuDosimetryLib.dicom_files.moment import Moment, acquired, zone_of
from LuDosimetryLib.image.volume import Volume
from LuDosimetryLib.tissue.nuclide import read_nuclide

from .dicom_cts import LoadedCt, loaded_cts, own_cts
from .dicom_headers import headers_of
from .dicom_voxels import holds, volume_node


@dataclass
class DicomTimes:
    """
    Values found in DICOM headers, by number of the time point, from 0.

    Attributes
    ----------
    hours : dict of int to float
        Hours after administration [h].
    units : dict of int to str
    volumes : dict of int to vtkMRMLScalarVolumeNode
        Nodes to use instead of the loaded ones.
    scans : dict of int to Scan
        The scans that could be read.
    cts : dict of int to LoadedCt or None
        Each scan's own CT; None where it has none, and empty if no scan has one.
    listed : dict of int to ListedScan
        What the user checks.
    assumed : dict of int to list of str
        What is missing or was assumed of a scan.
    administered_MBq : float or None
    log : Log
        What is missing or was assumed, of all scans.
    """

    hours: dict[int, float] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    volumes: dict[int, Any] = field(default_factory=dict)
    scans: dict[int, Scan] = field(default_factory=dict)
    cts: dict[int, LoadedCt | None] = field(default_factory=dict)
    listed: dict[int, ListedScan] = field(default_factory=dict)
    assumed: dict[int, list[str]] = field(default_factory=dict)
    administered_MBq: float | None = None
    log: Log = field(default_factory=Log)

    @property
    def remarks(self) -> list[str]:
        """What is missing, or was assumed, each once."""
        texts = [text for found in self.assumed.values() for text in found]
        return list(dict.fromkeys([*texts, *self.log.remarks]))

    def ct_node(self, n: int, chosen: Any) -> Any:
        """The volume of a scan's own CT; for one without any, what was chosen if it is not from DICOM."""
        own = self.cts[n]
        if own is not None:
            return own.node
        return None if chosen is None or headers_of(chosen) else chosen

    def log_of(self, n: int) -> Log:
        """Log of the remarks on a scan."""
        log = Log()
        log.remarks = self.assumed.setdefault(n, [])
        return log


def read_dicom_times(points: Sequence[Any], *, cts: bool = True) -> DicomTimes:
    """
    Read what an import would find in the files of volumes that were loaded from DICOM.

    Nothing is guessed: missing and contradictory values are remarks. Where the application has
    loaded other voxels than an import would read (it applies neither real-world value mappings nor
    decay correction), a volume as the import reads it replaces them.

    Parameters
    ----------
    points : sequence of TimePoint
    cts : bool
        Whether scans are to have CTs.
    """
    found = DicomTimes()
    starts: dict[int, Moment] = {}
    files: dict[int, list[Header]] = {}
    administrations = []
    for n, point in enumerate(points):
        node = point.spect
        if node is None:
            continue
        log = found.log_of(n)
        try:
            headers = headers_of(node)
            if not headers:
                log.remark(
                    _("{name} was not loaded from DICOM; enter its time by hand.").format(
                        name=node.GetName()
                    )
                )
                continue
            files[n] = headers
            administrations.append(administration_of(headers[0], log))
            _unit(headers[0], n, node, found)
            moments = [acquired(header, zone_of(header), log) for header in headers]
            known = [moment for moment in moments if moment is not None]
            if known:
                starts[n] = min(known, key=lambda moment: moment.clock)
            else:
                log.remark(
                    _(
                        "{name}: AcquisitionTime (0008,0032) is missing; enter its time by hand."
                    ).format(name=node.GetName())
                )
        except InvalidInput as error:
            log.remark(f"{node.GetName()}: {error}")
    _hours(starts, administrations, points, found)
    volumes = {n: _voxels(headers, n, points[n].spect, found) for n, headers in files.items()}
    if cts and found.scans:
        chosen = {n: point.ct for n, point in enumerate(points)}
        found.cts = own_cts(found.scans, chosen, loaded_cts(found.log), found.log)
    identity = Identity([header for headers in files.values() for header in headers])
    for n, scan in found.scans.items():
        found.listed[n] = _listed(n, scan, volumes[n], points[n], identity, found)
    return found


def _listed(
    n: int, scan: Scan, volume: Volume | None, point: Any, identity: Identity, found: DicomTimes
) -> ListedScan:
    ct = found.cts.get(n)
    unit = found.units.get(n, point.unit)
    activity = (
        None if volume is None else activity_in_view_MBq(volume, unit, point.BqPerCount or None)
    )
    hours = found.hours.get(n, point.hours)
    series = None if ct is None else ct.series
    return listed_scan(scan, series, hours, unit, activity, None, identity)


def _voxels(headers: list[Header], n: int, node: Any, found: DicomTimes) -> Volume | None:
    """Read a scan, and replace a volume that does not hold the activity at its time."""
    log = found.log_of(n)
    try:
        found.scans[n] = scan = scan_of(headers, log)
        if n not in found.units:
            return None
        nuclide = read_nuclide("Lu-177")
        decay = scan.decay(None, found.hours.get(n, 0.0), nuclide, log)
        if decay.correction == "ADMIN" and n not in found.hours:
            log.remark(
                _(
                    "{name} is corrected for decay to the administration, whose time is unknown: its activity at the scan "
                    "cannot be calculated; import the study with 'ludosimetry dicom-import'."
                ).format(name=node.GetName())
            )
            return None
        volume = scan.read(decay, None, log)
        if found.units[n] == "counts" and scan.duration_s:
            log.remark(
                _("{name} took {seconds:g} s according to its header: {source}.").format(
                    name=node.GetName(),
                    seconds=scan.duration_s,
                    source=scan.beds[0].duration_by,
                )
            )
    except InvalidInput as error:
        log.remark(f"{node.GetName()}: {error}")
        return None
    if not holds(node, volume):
        found.volumes[n] = volume_node(
            volume, _("{name}, activity at the scan").format(name=node.GetName()), node
        )
        log.remark(
            _(
                "{name} was loaded with other values than its files give for the activity at the scan; a volume read from the "
                "files replaces it."
            ).format(name=node.GetName())
        )
    return volume


def _hours(
    starts: dict[int, Moment],
    administrations: list[Any],
    points: Sequence[Any],
    found: DicomTimes,
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
            found.log_of(n).remark(
                _("{name} starts before the administration; check its time.").format(
                    name=points[n].spect.GetName()
                )
            )


def _unit(header: Header, n: int, node: Any, found: DicomTimes) -> None:
    log = found.log_of(n)
    try:
        found.units[n] = activity_scale(header, None, log).unit
    except InvalidInput:
        log.remark(
            _("{name}: the headers give no unit; choose it by hand.").format(name=node.GetName())
        )
