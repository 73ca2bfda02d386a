"""`.ui` files: checked first, then built with real widgets and stand-ins.

Qt's loader ignores what it does not know: a misspelt property becomes a dynamic one, an unknown
class a plain QWidget. Here both raise, as does a connection whose signal or slot does not exist.
"""

import xml.etree.ElementTree as ET
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from . import manners, members, signals
from .plain import raw


class UiFileError(ValueError):
    """A `.ui` file that Slicer would load otherwise than it reads."""


def _standard(name: str) -> type | None:
    found = getattr(QtWidgets, name, None)
    if found is None:
        from PySide6 import QtGui

        found = getattr(QtGui, name, None)
    return found if name in members.TABLE else None


class UiLoader:
    """`qt.QUiLoader`, of which Slicer uses `load`."""

    standins: dict[str, type[QtWidgets.QWidget]] = {}  # noqa: RUF012  filled by the host

    def load(self, device: QtCore.QIODevice, parent: QtWidgets.QWidget | None = None) -> Any:
        """The widget tree of a `.ui` file."""
        root = ET.fromstring(bytes(raw(device, "readAll")().data()))
        self._check(root)
        connections = root.find("connections")
        if connections is not None:
            root.remove(connections)
        # the custom classes are made by name; what they extend does not matter to the loader
        buffer = QtCore.QBuffer()
        raw(buffer, "setData")(ET.tostring(root))
        raw(buffer, "open")(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        manners.building.append(True)
        try:
            widget = raw(_Loader(self.standins), "load")(buffer, parent)
        finally:
            manners.building.pop()
        if widget is None:
            raise UiFileError("Qt cannot build this .ui file")
        for connection in [] if connections is None else connections:
            self._replay(widget, connection)
        return widget

    def _class(self, name: str) -> type:
        found = self.standins.get(name) or _standard(name)
        if found is None:
            raise UiFileError(f"unknown class {name!r} in the .ui file")
        return found

    def _check(self, root: ET.Element) -> None:
        declared = {e.findtext("class") for e in root.iterfind("customwidgets/customwidget")}
        for element in root.iter():
            if element.tag not in {"widget", "layout"}:
                continue
            name = element.get("class", "")
            cls = self._class(name)
            if name in self.standins and name not in declared:
                raise UiFileError(f"{name} is not among the customwidgets of the .ui file")
            if element.tag == "widget" and not element.get("name"):
                raise UiFileError(f"a {name} has no name")
            for prop in element.iterfind("property"):
                self._check_property(cls, element.get("name", ""), prop)
        names = [e.get("name") for e in root.iter("widget")]
        if len(names) != len(set(names)):
            raise UiFileError(
                f"names occur twice: {sorted({n for n in names if names.count(n) > 1})}"
            )

    @staticmethod
    def _check_property(kind: type, owner: str, prop: ET.Element) -> None:
        name = prop.get("name", "")
        for value in prop:
            if value.tag in {"enum", "set"} and any(
                part.count("::") > 1 for part in (value.text or "").split("|")
            ):
                raise UiFileError(f"{owner}.{name}: {value.text} is written as only Qt 6 reads it")
        dynamic = prop.get("stdset") == "0"
        known = name in members.properties_of(kind)
        layout = issubclass(kind, QtWidgets.QLayout) and (
            name.endswith(("Margin", "Spacing")) or name in {"spacing", "margin"}
        )
        if dynamic == known and not layout:
            raise UiFileError(
                f"{owner}: {name!r} is no property of {kind.__name__}"
                if not dynamic
                else f'{owner}: {name!r} is a property of {kind.__name__}, so without stdset="0"'
            )

    @staticmethod
    def _replay(root: QtWidgets.QWidget, connection: ET.Element) -> None:
        def named(tag: str) -> QtCore.QObject:
            name = connection.findtext(tag, "")
            if raw(root, "objectName")() == name:
                return root
            found: QtCore.QObject | None = root.findChild(QtCore.QObject, name)
            if found is None:
                raise UiFileError(f"a connection names {name!r}, which is not in the .ui file")
            return found

        sender, receiver = named("sender"), named("receiver")
        slot = connection.findtext("slot", "")
        signals.connect(sender, connection.findtext("signal", ""), receiver, slot)


class _Loader(QtUiTools.QUiLoader):
    """Makes the stand-ins by their names."""

    def __init__(self, standins: dict[str, type[QtWidgets.QWidget]]) -> None:
        super().__init__()
        self._standins = standins
        self._made: list[Any] = []

    def createWidget(self, name: str, parent: Any = None, object_name: str = "") -> Any:
        """Called by Qt for every widget of the file."""
        standin = self._standins.get(name)
        if standin is None:
            widget = QtUiTools.QUiLoader.createWidget(self, name, parent, object_name)
        else:
            widget = standin(parent)
            raw(widget, "setObjectName")(object_name)
        self._made.append(widget)  # or Python would delete it before Qt has it
        return widget
