"""Place of a result in the subject hierarchy, as the modules of SlicerRT expect a dose."""

from typing import Any

import slicer
from slicer.i18n import tr as _

from .outputs import Outputs

_STUDY_ITEM = "LuDosimetry.Study"
_DOSE_UNIT_NAME = "DicomRtImport.DoseUnitName"
_DOSE_UNIT_VALUE = "DicomRtImport.DoseUnitValue"


def arrange(outputs: Outputs, study_name: str | None, beside: Any) -> None:
    """
    Arrange all nodes of a result under one study.

    Parameters
    ----------
    outputs : Outputs
    study_name : str or None
        None keeps the present name.
    beside : vtkMRMLScalarVolumeNode
        Reference SPECT, whose patient receives the study.
    """
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = _study_of(hierarchy, outputs.dose)
    if not study:
        study = hierarchy.CreateStudyItem(_patient_of(hierarchy, beside), study_name or _("Dose"))
        hierarchy.SetItemAttribute(study, _STUDY_ITEM, "1")
    if study_name:
        hierarchy.SetItemName(study, study_name)
    hierarchy.SetItemAttribute(study, _DOSE_UNIT_NAME, "GY")
    hierarchy.SetItemAttribute(study, _DOSE_UNIT_VALUE, "1.0")
    nodes = [outputs.dose, *(outputs[role] for role in outputs.roles() if not _inner(role))]
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node)
        if not item:
            hierarchy.CreateItem(
                study, node
            )  # the application does this, unless it runs without Qt
        elif hierarchy.GetItemParent(item) != study:
            hierarchy.SetItemParent(item, study)


def _inner(role: str) -> bool:
    """Whether a role is part of a chart, which need not be listed."""
    return role.startswith(("series.", "data."))


def _study_of(hierarchy: Any, node: Any) -> int:
    item = hierarchy.GetItemByDataNode(node)
    if not item:
        return 0
    parent = hierarchy.GetItemParent(item)
    return parent if hierarchy.GetItemAttribute(parent, _STUDY_ITEM) else 0


def _patient_of(hierarchy: Any, node: Any) -> int:
    level = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelPatient()
    item = hierarchy.GetItemByDataNode(node)
    patient = hierarchy.GetItemAncestorAtLevel(item, level) if item else 0
    return patient or hierarchy.GetSceneItemID()
