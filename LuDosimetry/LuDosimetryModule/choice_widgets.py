"""Combo boxes and check boxes that show the library's choices by their labels."""

from collections.abc import Callable, Sequence
from typing import Any

import qt

from .choices import CHOICES, label, tip


class ChoiceBox:
    """
    A combo box for one parameter.

    Parameters
    ----------
    box : QComboBox
    parameter : str
        Name in `CHOICES`.
    changed : callable
        Called with the name that the user chose.
    """

    def __init__(self, box: Any, parameter: str, changed: Callable[[str], None]) -> None:
        self._box = box
        self._names = list(CHOICES[parameter])
        self._changed = changed
        self._showing = False
        box.clear()
        for n, name in enumerate(self._names):
            box.addItem(label(parameter, name))
            box.setItemData(n, tip(parameter, name), qt.Qt.ToolTipRole)
        box.connect("currentIndexChanged(int)", self._on_change)

    def show(self, name: str) -> None:
        """Show a choice; one that this version does not know shows as nothing."""
        self._showing = True
        self._box.currentIndex = self._names.index(name) if name in self._names else -1
        self._showing = False

    def _on_change(self, index: int) -> None:
        if not self._showing and index >= 0:
            self._changed(self._names[index])


class MethodChecks:
    """
    A check box for every dose method.

    Parameters
    ----------
    widget : QWidget
        Whose layout takes the boxes.
    changed : callable
        Called with the names that are checked.
    """

    def __init__(self, widget: Any, changed: Callable[[list[str]], None]) -> None:
        self._changed = changed
        self._showing = False
        self._boxes: dict[str, Any] = {}
        for name in CHOICES["doseMethod"]:
            box = qt.QCheckBox(label("doseMethod", name))
            box.objectName = f"compare_{name.replace('-', '_')}"
            box.toolTip = tip("doseMethod", name)
            box.connect("toggled(bool)", self._on_change)
            widget.layout().addWidget(box)
            self._boxes[name] = box

    def show(self, names: Sequence[str], chosen: str) -> None:
        """Check some; the chosen method itself is not offered."""
        self._showing = True
        for name, box in self._boxes.items():
            box.checked = name in names and name != chosen
            box.enabled = name != chosen
        self._showing = False

    def _on_change(self, _checked: bool) -> None:
        if not self._showing:
            self._changed([name for name, box in self._boxes.items() if box.checked])
