"""Volumes of a result in the scene: names, units, windows, colours and legends."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from .choices import label
from .outputs import RESULT_ATTRIBUTE, Outputs
from .result_files import Image, ResultFiles

DOSE_ATTRIBUTE = "DicomRtImport.DoseVolume"
"""Attribute by which SlicerRT recognises a dose volume."""

# the low end is blue, because black or grey could be mistaken for the CT below
_PLASMA = ("vtkMRMLColorTableNodeFilePlasma.txt", "vtkMRMLColorTableNodeRainbow")
_VIRIDIS = ("vtkMRMLColorTableNodeFileViridis.txt", "vtkMRMLColorTableNodeOcean")
_DIVERGING = ("vtkMRMLColorTableNodeFileDivergingBlueRed.txt", "vtkMRMLColorTableNodeCool1")
_GREY = ("vtkMRMLColorTableNodeGrey",)
_UNITS = {
    "Gy": ("Gy", "gray"),
    "MBq.h/mL": ("MBq.h/mL", "megabecquerel hour per millilitre"),
    "%": ("%", "percent"),
    "g/cm3": ("g/cm3", "gram per cubic centimetre"),
}
_TOP_PERCENTILE = 99.5
_CLEAR_BELOW = 0.05
"""Part of the top of the window below which a dose is transparent, so that the CT is visible."""
_RELATIVE_PERCENT = 20.0
_LEGEND_SIZE = (0.1, 0.4)
"""Parts of the width and height of a view."""


@dataclass(frozen=True)
class _Style:
    """Name, quantity in the legend, UCUM unit and display of a volume."""

    name: str
    quantity: str
    unit: str
    colours: tuple[str, ...]
    signed: bool = False
    dose: bool = False


def show_volumes(files: ResultFiles, outputs: Outputs) -> Iterator[None]:
    """Fill the nodes of a result's volumes, one per step; windows that the user has set are kept."""
    for key, image in files.images.items():
        style = _style(key, image.unit, files.summary.dose_method)
        if key == "dose":
            node, new = outputs.dose, outputs.dose.GetImageData() is None
            node.SetName(style.name)
        else:
            node, new = outputs.get_or_add(f"volume.{key}", "vtkMRMLScalarVolumeNode", style.name)
        fill_volume(node, image, style.unit)
        if style.dose:
            node.SetAttribute(DOSE_ATTRIBUTE, "1")
        if new:
            _set_style(node, image, style)
        yield
    outputs.remove_all_but("volume.", (f"volume.{key}" for key in files.images))
    outputs.dose.SetAttribute(RESULT_ATTRIBUTE, "dose")


def show_error_maps(outputs: Outputs, error: Image, relative: Image, name: str) -> None:
    """Fill the nodes of the error maps of a comparison with another dose volume."""
    for role, image, style in (
        (
            "compared.error",
            error,
            _Style(
                _("Difference, {name}").format(name=name),
                _("Difference"),
                "Gy",
                _DIVERGING,
                signed=True,
            ),
        ),
        (
            "compared.relative_error",
            relative,
            _Style(
                _("Relative difference, {name}").format(name=name),
                _("Difference"),
                "%",
                _DIVERGING,
                signed=True,
            ),
        ),
    ):
        node, new = outputs.get_or_add(role, "vtkMRMLScalarVolumeNode", style.name)
        fill_volume(node, image, style.unit)
        if new:
            _set_style(node, image, style)


def fill_volume(node: Any, image: Image, unit: str) -> None:
    """Set voxels, position and unit of a volume node."""
    modified = node.StartModify()
    node.SetAndObserveTransformNodeID(None)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(image.ijk_to_ras))
    node.SetAndObserveImageData(image.data)
    code, meaning = _UNITS.get(unit, (unit, unit))
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(code, "UCUM", meaning)
    node.SetVoxelValueUnits(entry)
    node.EndModify(modified)


def _style(key: str, unit: str, method: str) -> _Style:
    if key == "tia":
        return _Style(_("Time-integrated activity"), _("TIA"), "MBq.h/mL", _VIRIDIS)
    if key == "density":
        return _Style(_("Density"), _("Density"), "g/cm3", _GREY)
    for prefix, text, style in (
        (
            "relative_error_",
            _("Relative error, {method}"),
            (_("Error"), "%", _DIVERGING, True, False),
        ),
        ("error_", _("Error, {method}"), (_("Error"), "Gy", _DIVERGING, True, False)),
    ):
        if key.startswith(prefix):
            name = label("doseMethod", key.removeprefix(prefix))
            return _Style(text.format(method=name), *style)
    if not key.startswith("dose"):
        name = key.replace("_", " ").capitalize()
        return _Style(name, name, unit, _GREY)
    dose_key = key.removesuffix("_standard_error")
    name = label("doseMethod", dose_key.removeprefix("dose_") if dose_key != "dose" else method)
    if dose_key != key:
        text = _("Standard error, {method}").format(method=name)
        return _Style(text, _("Standard error"), "Gy", _PLASMA)
    return _Style(_("Dose, {method}").format(method=name), _("Dose"), "Gy", _PLASMA, dose=True)


def _set_style(node: Any, image: Image, style: _Style) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    modified = display.StartModify()
    colours = _colours(style.colours)
    if colours is not None:
        display.SetAndObserveColorNodeID(colours)
    display.SetAutoWindowLevel(False)
    low, high = _window(image.values, style)
    display.SetWindowLevelMinMax(low, high)
    if not style.signed and style.colours != _GREY:
        display.SetAutoThreshold(False)
        display.SetLowerThreshold(_CLEAR_BELOW * high)
        display.SetUpperThreshold(max(float(image.values.max()), high) * 2.0)
        display.SetApplyThreshold(True)
    display.EndModify(modified)
    _add_legend(node, style)


def _window(values: np.ndarray, style: _Style) -> tuple[float, float]:
    if style.colours == _GREY:
        return 0.0, 2.0 if style.unit == "g/cm3" else max(1.0, float(values.max()))
    if style.unit == "%":
        return -_RELATIVE_PERCENT, _RELATIVE_PERCENT
    # part of the voxels gives the percentile well enough, and quickly
    sample = np.abs(values.reshape(-1)[:: max(1, values.size // 500_000)])
    sample = sample[sample > 0.0]
    top = float(np.percentile(sample, _TOP_PERCENTILE)) if sample.size else 1.0
    return (-top, top) if style.signed else (0.0, top)


def _colours(candidates: tuple[str, ...]) -> str | None:
    """ID of the first colour table that exists; custom applications lack those made from files."""
    for identity in candidates:
        if slicer.mrmlScene.GetNodeByID(identity) is not None:
            return identity
    return None


def _add_legend(node: Any, style: _Style) -> None:
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(node)
    if legend is None:
        return
    legend.SetTitleText(f"{style.quantity} [{style.unit}]")
    legend.SetSize(*_LEGEND_SIZE)
    legend.SetLabelFormat("%.3g")
    legend.SetVisibility(True)
