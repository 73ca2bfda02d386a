"""The CT of each scan, of the CTs that were loaded from DICOM, by the rule of an import."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dicom.computed_tomography import CtSeries
from LuDosimetryLib.dicom.ct_choice import CtChoice
from LuDosimetryLib.dicom.series_names import Identity
from LuDosimetryLib.dicom.spect_scan import Scan
from LuDosimetryLib.dicom.study_files import cts_of
from LuDosimetryLib.dicom_files.header import Header

from .dicom_headers import ct_nodes, headers_of


@dataclass(frozen=True)
class LoadedCt:
    """A CT of the scene: its node, and the volume that its files hold."""

    node: Any
    series: CtSeries


def loaded_cts(log: Log) -> list[LoadedCt]:
    """The CTs of the scene that were loaded from DICOM; those that are no volume are remarked on."""
    found = []
    for node in ct_nodes():
        try:
            found += [LoadedCt(node, series) for series in cts_of(headers_of(node), log)]
        except InvalidInput as error:
            log.remark(f"{node.GetName()}: {error}")
    return found


def own_cts(
    scans: Mapping[int, Scan], chosen: Mapping[int, Any], cts: list[LoadedCt], log: Log
) -> dict[int, LoadedCt | None]:
    """
    Choose the CT of each scan: its own by the frame of reference, or one of the same session.

    Parameters
    ----------
    scans : mapping of int to Scan
        By number of the time point, from 0.
    chosen : mapping of int to vtkMRMLScalarVolumeNode or None
        What the user has chosen.
    cts : list of LoadedCt
    log : Log
        Takes what is changed.

    Returns
    -------
    dict of int to LoadedCt or None
        Every scan's own CT; None where it has none. Empty if no scan has one.
    """
    headers: list[Header] = [header for ct in cts for header in ct.series.stack.headers]
    headers += [header for scan in scans.values() for header in scan.headers]
    choice = CtChoice([ct.series for ct in cts], Path(), Identity(headers), log)
    own: dict[int, LoadedCt | None] = {}
    for n, scan in scans.items():
        try:
            series = choice.of(scan)
        except InvalidInput as error:
            log.remark(str(error))
            series = None
        own[n] = next((ct for ct in cts if ct.series is series), None)
    if not any(own.values()):
        if cts:
            log.remark(
                _(
                    "None of the CTs from DICOM belongs to a scan by frame of reference or time; choose one by hand if the "
                    "patient lay in it as in the scan."
                )
            )
        return {}
    for n, ct in own.items():
        _remark_on_change(n, ct, chosen.get(n), log)
    return own


def _remark_on_change(n: int, own: LoadedCt | None, chosen: Any, log: Log) -> None:
    if own is None:
        text = _("Time point {n} has no CT of its own; it is aligned by its SPECT.")
        log.remark(text.format(n=n + 1))
    elif chosen is not None and chosen != own.node:
        text = _("Time point {n}: its own CT {name} takes the place of {other}.")
        log.remark(text.format(n=n + 1, name=own.node.GetName(), other=chosen.GetName()))
