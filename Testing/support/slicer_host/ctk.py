"""The module `ctk`: stand-ins for the widgets of the Common Toolkit that a panel uses.

Properties, signals and callable methods are those of CTK's headers; a public C++ method that is
neither slot nor Q_INVOKABLE does not exist in Python, so `setCollapsed` of a button does not.
"""

import math
import sys
import types
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from . import members, signals
from .collapsible_button import ctkCollapsibleButton
from .plain import raw
from .standin import declared, passed_on, stored

LARGEST = 1.7976931348623157e308


class ctkCheckBox(QtWidgets.QCheckBox):
    """A check box that can show an icon as its indicator."""

    _slicer_host_members = members.declare()
    indicatorIcon = stored(QtGui.QIcon, "indicatorIcon", None)
    indicatorIconSize = stored(QtCore.QSize, "indicatorIconSize", QtCore.QSize())


class ctkComboBox(QtWidgets.QComboBox):
    """A combo box with a text for when nothing is chosen."""

    _slicer_host_members = members.declare()
    defaultText = stored(str, "defaultText", "")
    forceDefault = stored(bool, "forceDefault", False)
    elideMode = stored(int, "elideMode", 0)
    scrollWheelEffect = stored(int, "scrollWheelEffect", 2)


class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box that can be told not to come back."""

    _slicer_host_members = members.declare()
    dontShowAgain = stored(bool, "dontShowAgain", False)
    dontShowAgainVisible = stored(bool, "dontShowAgainVisible", False)
    dontShowAgainSettingsKey = stored(str, "dontShowAgainSettingsKey", "")


class ctkDoubleSpinBox(QtWidgets.QWidget):
    """A spin box for decimal numbers; unlike Qt's it is no QAbstractSpinBox but holds one."""

    _slicer_host_members = members.declare(
        (
            "valueChanged(double)",
            "valueChanged(QString)",
            "editingFinished()",
            "decimalsChanged(int)",
        ),
        "setValue setValueIfDifferent setValueAlways stepUp stepDown setDecimals setReadOnly",
    )

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        box = QtWidgets.QDoubleSpinBox()
        self.__dict__["_box"] = box
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(box)
        raw(self, "setSizePolicy")(
            QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Fixed
        )
        raw(box, "valueChanged").connect(lambda value: self._emit_value(value))
        raw(box, "editingFinished").connect(lambda: signals.emit(self, "editingFinished()"))

    def _emit_value(self, value: float) -> None:
        signals.emit(self, "valueChanged(double)", value)
        signals.emit(self, "valueChanged(QString)", self._box.text)

    def setValue(self, value: float) -> None:
        """Slot."""
        self._box.setValue(value)

    setValueIfDifferent = setValue
    setValueAlways = setValue

    def stepUp(self) -> None:
        """Slot."""
        self._box.stepUp()

    def stepDown(self) -> None:
        """Slot."""
        self._box.stepDown()

    def setDecimals(self, decimals: int) -> None:
        """Slot."""
        self._box.decimals = decimals

    def setReadOnly(self, value: bool) -> None:
        """Slot."""
        self._box.readOnly = value

    def _limit(self, name: str, value: float) -> None:
        finite = value if math.isfinite(value) else math.copysign(LARGEST, value)
        raw(self._box, "setProperty")(name, finite)

    value = passed_on(float, "value", "_box")
    minimum = declared(
        float, lambda self: self._box.minimum, lambda self, v: self._limit("minimum", v)
    )
    maximum = declared(
        float, lambda self: self._box.maximum, lambda self, v: self._limit("maximum", v)
    )
    singleStep = passed_on(float, "singleStep", "_box")
    decimals = passed_on(int, "decimals", "_box")
    prefix = passed_on(str, "prefix", "_box")
    suffix = passed_on(str, "suffix", "_box")
    readOnly = passed_on(bool, "readOnly", "_box")
    frame = passed_on(bool, "frame", "_box")
    alignment = passed_on(int, "alignment", "_box")
    cleanText = declared(str, lambda self: self._box.cleanText)
    decimalsOption = stored(int, "decimalsOption", 0)
    setMode = stored(int, "setMode", 1)
    sizeHintPolicy = stored(int, "sizeHintPolicy", 0)
    invertedControls = stored(bool, "invertedControls", False)


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider beside a spin box."""

    _slicer_host_members = members.declare(
        ("valueChanged(double)", "valueIsChanging(double)", "decimalsChanged(int)"),
        "reset setValue setSpinBoxVisible setDecimals",
    )

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        box = ctkDoubleSpinBox()
        slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.__dict__.update(_spin=box, _slider=slider, _box=box._box)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(slider)
        layout.addWidget(box)
        raw(slider, "setRange")(0, 1000)
        raw(self._box, "valueChanged").connect(lambda value: self._moved(value))
        raw(slider, "sliderMoved").connect(lambda position: self._slid(position))

    def _moved(self, value: float) -> None:
        span = (self._box.maximum - self._box.minimum) or 1.0
        share = min(1.0, max(0.0, (value - self._box.minimum) / span))
        raw(self._slider, "setValue")(round(1000 * share))
        signals.emit(self, "valueChanged(double)", value)

    def _slid(self, position: int) -> None:
        span = self._box.maximum - self._box.minimum
        self._box.setValue(self._box.minimum + span * position / 1000)

    def reset(self) -> None:
        """Slot."""
        self._box.setValue(0.0)

    def setValue(self, value: float) -> None:
        """Slot."""
        self._box.setValue(value)

    def setSpinBoxVisible(self, visible: bool) -> None:
        """Slot."""
        self._spin.setVisible(visible)

    def setDecimals(self, decimals: int) -> None:
        """Slot."""
        self._box.decimals = decimals

    value = passed_on(float, "value", "_box")
    minimum = passed_on(float, "minimum", "_box")
    maximum = passed_on(float, "maximum", "_box")
    singleStep = passed_on(float, "singleStep", "_box")
    decimals = passed_on(int, "decimals", "_box")
    prefix = passed_on(str, "prefix", "_box")
    suffix = passed_on(str, "suffix", "_box")
    pageStep = stored(float, "pageStep", 1.0)
    tickInterval = stored(float, "tickInterval", 0.0)
    tracking = stored(bool, "tracking", True)
    popupSlider = stored(bool, "popupSlider", False)


class ctkPathLineEdit(QtWidgets.QWidget):
    """A line for a path, with history and a button to browse."""

    _slicer_host_members = members.declare(
        ("validInputChanged(bool)", "currentPathChanged(QString)"),
        "comboBox setCurrentPath browse retrieveHistory addCurrentPathToHistory",
    )

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        line = QtWidgets.QComboBox()
        line.setEditable(True)
        button = QtWidgets.QToolButton()
        raw(button, "setText")("…")
        self.__dict__.update(_line=line, _button=button)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(line, 1)
        layout.addWidget(button)
        raw(line, "currentTextChanged").connect(
            lambda text: signals.emit(self, "currentPathChanged(QString)", text)
        )

    def comboBox(self) -> QtWidgets.QComboBox:
        """The line itself."""
        box: QtWidgets.QComboBox = self._line
        return box

    def setCurrentPath(self, path: str) -> None:
        """Slot."""
        raw(self._line, "setEditText")(path)

    def browse(self) -> None:
        """Slot: opens a file dialog."""
        chosen = QtWidgets.QFileDialog.getOpenFileName(self, "Select a file")
        if chosen:
            self.setCurrentPath(chosen)

    def retrieveHistory(self) -> None:
        """Slot."""

    def addCurrentPathToHistory(self) -> None:
        """Slot."""

    currentPath = declared(
        str, lambda self: self._line.currentText, lambda self, v: self.setCurrentPath(v)
    )
    filters = stored(int, "filters", 0)
    nameFilters = stored("QStringList", "nameFilters", ())
    label = stored(str, "label", "")
    settingKey = stored(str, "settingKey", "")
    showBrowseButton = stored(bool, "showBrowseButton", True)
    showHistoryButton = stored(bool, "showHistoryButton", True)
    options = stored(int, "options", 0)


STANDINS: dict[str, type[QtWidgets.QWidget]] = {
    cls.__name__: cls
    for cls in (
        ctkCheckBox, ctkCollapsibleButton, ctkComboBox, ctkDoubleSpinBox, ctkMessageBox,
        ctkPathLineEdit, ctkSliderWidget,
    )
}  # fmt: skip

# named by Slicer's own Python code, and used by no panel here
_UNUSED = (
    "ctkCheckablePushButton", "ctkColorPickerButton", "ctkDirectoryButton", "ctkDoubleRangeSlider",
    "ctkDoubleSlider", "ctkRangeWidget",
)  # fmt: skip


def unused(name: str) -> type:
    """A class that can be named in a type check but not made."""

    def refuse(self: Any, *_arguments: Any) -> None:
        raise NotImplementedError(f"the host has no {name}; add a stand-in if the panel needs it")

    return type(name, (), {"__init__": refuse})


def module() -> types.ModuleType:
    """Make the module `ctk` and put it where `import ctk` finds it."""
    ctk = types.ModuleType("ctk", "stand-ins for CTK's widgets")
    for name, cls in STANDINS.items():
        setattr(ctk, name, cls)
    for name in _UNUSED:
        setattr(ctk, name, unused(name))
    sys.modules["ctk"] = ctk
    return ctk
