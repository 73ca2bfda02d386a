"""The volumes of a result: names, units, windows, colours and legends."""

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
"""By which SlicerRT knows a dose volume."""

# its low end is blue: black or grey could be taken for the CT below
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
"""Part of the window's top below which a dose is not drawn, so that the CT alone is seen there."""
_RELATIVE_PERCENT = 20.0
_LEGEND_SIZE = (0.1, 0.4)
"""Part of a view's width and height."""


@dataclass(frozen=True)
class _Look:
    """Name, quantity in the legend, UCUM unit and how a volume is drawn."""

    name: str
    quantity: str
    unit: str
    colours: tuple[str, ...]
    signed: bool = False
    dose: bool = False


def show_volumes(files: ResultFiles, outputs: Outputs) -> Iterator[None]:
    """Put the volumes of a result into their nodes, one a step; windows that the user set are kept."""
    for key, image in files.images.items():
        look = _look(key, image.unit, files.summary["dose_method"])
        if key == "dose":
            node, new = outputs.dose, outputs.dose.GetImageData() is None
            node.SetName(look.name)
        else:
            node, new = outputs.get_or_add(f"volume.{key}", "vtkMRMLScalarVolumeNode", look.name)
        fill_volume(node, image, look.unit)
        if look.dose:
            node.SetAttribute(DOSE_ATTRIBUTE, "1")
        if new:
            _set_look(node, image, look)
        yield
    outputs.remove_all_but("volume.", (f"volume.{key}" for key in files.images))
    outputs.dose.SetAttribute(RESULT_ATTRIBUTE, "dose")


def show_error_maps(outputs: Outputs, error: Image, relative: Image, name: str) -> None:
    """Put the error maps of a comparison with another dose volume into their nodes."""
    for role, image, look in (
        (
            "compared.error",
            error,
            _Look(
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
            _Look(
                _("Relative difference, {name}").format(name=name),
                _("Difference"),
                "%",
                _DIVERGING,
                signed=True,
            ),
        ),
    ):
        node, new = outputs.get_or_add(role, "vtkMRMLScalarVolumeNode", look.name)
        fill_volume(node, image, look.unit)
        if new:
            _set_look(node, image, look)


def fill_volume(node: Any, image: Image, unit: str) -> None:
    """Give a volume node its voxels, its place and its unit."""
    modified = node.StartModify()
    node.SetAndObserveTransformNodeID(None)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(image.ijk_to_ras))
    node.SetAndObserveImageData(image.data)
    code, meaning = _UNITS.get(unit, (unit, unit))
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(code, "UCUM", meaning)
    node.SetVoxelValueUnits(entry)
    node.EndModify(modified)


def _look(key: str, unit: str, method: str) -> _Look:
    if key == "tia":
        return _Look(_("Time-integrated activity"), _("TIA"), "MBq.h/mL", _VIRIDIS)
    if key == "density":
        return _Look(_("Density"), _("Density"), "g/cm3", _GREY)
    for prefix, text, look in (
        (
            "relative_error_",
            _("Relative error, {method}"),
            (_("Error"), "%", _DIVERGING, True, False),
        ),
        ("error_", _("Error, {method}"), (_("Error"), "Gy", _DIVERGING, True, False)),
    ):
        if key.startswith(prefix):
            name = label("doseMethod", key.removeprefix(prefix))
            return _Look(text.format(method=name), *look)
    if not key.startswith("dose"):
        name = key.replace("_", " ").capitalize()
        return _Look(name, name, unit, _GREY)
    of = key.removesuffix("_standard_error")
    name = label("doseMethod", of.removeprefix("dose_") if of != "dose" else method)
    if of != key:
        text = _("Standard error, {method}").format(method=name)
        return _Look(text, _("Standard error"), "Gy", _PLASMA)
    return _Look(_("Dose, {method}").format(method=name), _("Dose"), "Gy", _PLASMA, dose=True)


def _set_look(node: Any, image: Image, look: _Look) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    modified = display.StartModify()
    colours = _colours(look.colours)
    if colours is not None:
        display.SetAndObserveColorNodeID(colours)
    display.SetAutoWindowLevel(False)
    low, high = _window(image.values, look)
    display.SetWindowLevelMinMax(low, high)
    if not look.signed and look.colours != _GREY:
        display.SetAutoThreshold(False)
        display.SetLowerThreshold(_CLEAR_BELOW * high)
        display.SetUpperThreshold(max(float(image.values.max()), high) * 2.0)
        display.SetApplyThreshold(True)
    display.EndModify(modified)
    _add_legend(node, look)


def _window(values: np.ndarray, look: _Look) -> tuple[float, float]:
    if look.colours == _GREY:
        return 0.0, 2.0 if look.unit == "g/cm3" else max(1.0, float(values.max()))
    if look.unit == "%":
        return -_RELATIVE_PERCENT, _RELATIVE_PERCENT
    # a part of the voxels tells the percentile well enough, and quickly
    sample = np.abs(values.reshape(-1)[:: max(1, values.size // 500_000)])
    sample = sample[sample > 0.0]
    top = float(np.percentile(sample, _TOP_PERCENTILE)) if sample.size else 1.0
    return (-top, top) if look.signed else (0.0, top)


def _colours(candidates: tuple[str, ...]) -> str | None:
    """The first colour table that the application has; slimmer ones lack those made from files."""
    for identity in candidates:
        if slicer.mrmlScene.GetNodeByID(identity) is not None:
            return identity
    return None


def _add_legend(node: Any, look: _Look) -> None:
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(node)
    if legend is None:
        return
    legend.SetTitleText(f"{look.quantity} [{look.unit}]")
    legend.SetSize(*_LEGEND_SIZE)
    legend.SetLabelFormat("%.3g")
    legend.SetVisibility(True)
