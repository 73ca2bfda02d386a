"""Stands for the modules DICOM and its database: loads series into the scene with the marks of their files."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk
import slicer

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class LoadedStudy:
    """
    The SPECT and CT series below a folder, each as a volume read by GDCM, as Slicer reads them.

    Attributes
    ----------
    scans, cts : list of vtkMRMLScalarVolumeNode
        In the order of their folders.
    database : object
        What `slicer.dicomDatabase` is to be.
    """

    def __init__(self, folder: Path) -> None:
        series: dict[str, list[Path]] = {}
        self._files: dict[str, str] = {}
        modalities: dict[str, str] = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            self._files[str(ds.SOPInstanceUID)] = str(path)
            series.setdefault(str(ds.SeriesInstanceUID), []).append(path)
            modalities[str(ds.SeriesInstanceUID)] = str(ds.Modality)
        self.database = SimpleNamespace(fileForInstance=lambda uid: self._files.get(uid, ""))
        self.scans = [_volume(s) for uid, s in series.items() if modalities[uid] in ("NM", "PT")]
        self.cts = [_volume(s) for uid, s in series.items() if modalities[uid] == "CT"]


def _volume(paths: list[Path]) -> Any:
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    if len(paths) > 1:
        along = np.cross(*np.reshape(headers[0].ImageOrientationPatient, (2, 3)).astype(float))
        order = np.argsort([along @ np.array(h.ImagePositionPatient, float) for h in headers])
        headers = [headers[n] for n in order]
        image = sitk.ReadImage([str(paths[n]) for n in order])
    else:
        image = sitk.ReadImage(str(paths[0]))
    name = f"{headers[0].Modality} {paths[0].parent.name}"
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, sitk.GetArrayFromImage(image))
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(_LPS_TO_RAS @ matrix))
    node.SetAttribute("DICOM.instanceUIDs", " ".join(str(h.SOPInstanceUID) for h in headers))
    node.CreateDefaultDisplayNodes()
    return node
