"""Headers of the DICOM files that volumes of the scene were loaded from."""

from pathlib import Path
from typing import Any

import slicer

from LuDosimetryLib.dicom_files import kinds
from LuDosimetryLib.dicom_files.folder import read_header
from LuDosimetryLib.dicom_files.header import Header

UIDS = "DICOM.instanceUIDs"
"""Attribute of a node with the UIDs of its files, set by the module DICOM."""


def headers_of(node: Any) -> list[Header]:
    """Headers of the files of a volume; none if it was not loaded from the DICOM database."""
    found = (_header(uid) for uid in _uids(node))
    return [header for header in found if header is not None]


def ct_nodes() -> list[Any]:
    """The volumes of the scene that were loaded from CT files."""
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [node for node in nodes if _is_ct(node)]


def _is_ct(node: Any) -> bool:
    first = next(iter(_uids(node)), None)
    header = None if first is None else _header(first)
    return header is not None and header.text("SOPClassUID") in (kinds.CT, *kinds.ENHANCED_CT)


def _uids(node: Any) -> list[str]:
    return (node.GetAttribute(UIDS) or "").split()


def _header(uid: str) -> Header | None:
    database = getattr(slicer, "dicomDatabase", None)  # set by the module DICOM
    path = database.fileForInstance(uid) if database is not None else ""
    return read_header(Path(path)) if path and Path(path).is_file() else None
