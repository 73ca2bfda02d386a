"""Which widget shows which type: connectors match the exact class of the widget, as in Slicer."""

import enum
import pathlib
import types
import typing
from collections.abc import Callable
from typing import Any

import ctk
import qt
import slicer

from .annotations import Choice, Decimals, Maximum, Minimum, SingleStep, WithinRange, first, split


class Connector:
    """Reads a widget, writes it, and tells its changes."""

    signal = ""

    def __init__(self, widget: Any, _kind: Any, annotations: list[Any]) -> None:
        self.widget = widget
        self._call: Callable[[], None] | None = None
        self.prepare(annotations)

    def prepare(self, annotations: list[Any]) -> None:
        """Set the widget up for its type."""

    def on_changed(self, call: Callable[[], None] | None) -> None:
        """Call this at every change; None ends it."""
        if self.signal and self._call is None and call is not None:
            self.widget.connect(self.signal, self._changed)
        if self.signal and self._call is not None and call is None:
            self.widget.disconnect(self.signal, self._changed)
        self._call = call

    def _changed(self) -> None:
        if self._call is not None:
            self._call()

    def read(self) -> Any:
        """The value shown."""
        raise NotImplementedError

    def write(self, value: Any) -> None:
        """Show a value."""
        raise NotImplementedError


class CheckBox(Connector):
    """bool in a check box."""

    signal = "stateChanged(int)"

    def read(self) -> bool:
        """Whether it is checked."""
        return bool(self.widget.checked)

    def write(self, value: bool) -> None:
        """Check it or not."""
        self.widget.checked = value


class CheckableButton(CheckBox):
    """bool in a push button."""

    signal = "toggled(bool)"

    def prepare(self, _annotations: list[Any]) -> None:
        """Slicer makes the button checkable and warns; here that is an error."""
        if not self.widget.checkable:
            raise RuntimeError(f"button {self.widget.name} is bound to a bool and is not checkable")


class Number(Connector):
    """int or float in a spin box or slider, with the limits of the annotation or none."""

    signal = "valueChanged(double)"

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        self._whole = kind is int
        super().__init__(widget, kind, annotations)

    def prepare(self, annotations: list[Any]) -> None:
        """Decimals, step and limits."""
        decimals = first(annotations, Decimals)
        if self._whole:
            self.widget.decimals = 0
        elif decimals is not None:
            self.widget.decimals = decimals.value
        self._limits(annotations, float("-inf"), float("inf"), ctk.ctkSliderWidget)

    def _limits(self, annotations: list[Any], lowest: Any, highest: Any, slider: type) -> None:
        step = first(annotations, SingleStep)
        if step is not None:
            self.widget.singleStep = step.value
        within = first(annotations, WithinRange)
        low, high = first(annotations, Minimum), first(annotations, Maximum)
        if type(self.widget) is slider and within is None and (low is None or high is None):
            raise RuntimeError("a slider needs both limits in the annotation")
        if within is not None:
            lowest, highest = within.minimum, within.maximum
        self.widget.minimum = low.minimum if low is not None else lowest
        self.widget.maximum = high.maximum if high is not None else highest

    def read(self) -> Any:
        """The number."""
        return int(self.widget.value) if self._whole else self.widget.value

    def write(self, value: Any) -> None:
        """Show the number."""
        self.widget.value = int(value) if self._whole else value


class WholeNumber(Number):
    """int in Qt's spin box or slider."""

    signal = "valueChanged(int)"

    def prepare(self, annotations: list[Any]) -> None:
        """Step and limits."""
        self._limits(annotations, -(2**31), 2**31 - 1, qt.QSlider)


class Text(Connector):
    """str in a line."""

    signal = "textChanged(QString)"

    def read(self) -> str:
        """The text."""
        return str(self.widget.text)

    def write(self, value: str) -> None:
        """Show the text; the cursor stays when it is the same."""
        if value != self.widget.text:
            self.widget.text = value


class Label(Text):
    """str in a label, which tells nothing."""

    signal = ""


class PlainText(Connector):
    """str in a QTextEdit."""

    signal = "textChanged()"

    def read(self) -> str:
        """The text."""
        return str(self.widget.toPlainText())

    def write(self, value: str) -> None:
        """Show the text."""
        self.widget.setPlainText(value)


class Choices(Connector):
    """A combo box with the choices of the annotation, or the members of an Enum."""

    signal = "currentIndexChanged(int)"

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        self._kind = kind
        super().__init__(widget, kind, annotations)

    def prepare(self, annotations: list[Any]) -> None:
        """Fill the list, in place of what the .ui file put there."""
        if isinstance(self._kind, type) and issubclass(self._kind, enum.Enum):
            label = getattr(self._kind, "label", lambda member: member.name)
            self.values = list(self._kind)
            texts = [label(member) for member in self.values]
        else:
            choice = first(annotations, Choice)
            if choice is None:
                raise RuntimeError("a combo box needs the Choice annotation")
            self.values = list(choice.choices)
            texts = [str(v) for v in self.values]
        self.widget.clear()
        for text in texts:
            self.widget.addItem(text)

    def read(self) -> Any:
        """The chosen value."""
        return self.values[self.widget.currentIndex]

    def write(self, value: Any) -> None:
        """Choose the value."""
        if value not in self.values:
            raise ValueError(f"Unable to find value {value} in choices {self.values}")
        self.widget.currentIndex = self.values.index(value)


class Path(Connector):
    """A path in ctkPathLineEdit."""

    signal = "currentPathChanged(QString)"

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        self._kind = kind
        super().__init__(widget, kind, annotations)

    def read(self) -> Any:
        """The path."""
        return self._kind(self.widget.currentPath)

    def write(self, value: Any) -> None:
        """Show the path."""
        self.widget.currentPath = str(value)


class NodeChoice(Connector):
    """A node in qMRMLNodeComboBox; the type sets its nodeTypes."""

    signal = "currentNodeChanged(vtkMRMLNode*)"

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        kinds = [split(k)[0] for k in typing.get_args(kind)] or [kind]
        self._types = [k().GetClassName() for k in kinds if k is not type(None)]
        super().__init__(widget, kind, annotations)

    def prepare(self, _annotations: list[Any]) -> None:
        """List nodes of these classes."""
        self.widget.nodeTypes = self._types

    def read(self) -> Any:
        """The chosen node."""
        return self.widget.currentNode()

    def write(self, value: Any) -> None:
        """Choose the node."""
        self.widget.setCurrentNode(value)


def _is_node(kind: Any) -> bool:
    kinds = (
        typing.get_args(kind)
        if typing.get_origin(kind) in {typing.Union, types.UnionType}
        else (kind,)
    )
    return all(
        k is type(None) or (isinstance(k, type) and issubclass(k, slicer.vtkMRMLNode))
        for k in (split(k)[0] for k in kinds)
    )


def connector_for(widget: Any, annotated: Any) -> Connector:
    """The connector of a widget of exactly this class for this type."""
    kind, annotations = split(annotated)
    cls = type(widget)
    is_path = isinstance(kind, type) and issubclass(kind, pathlib.PurePath)
    is_enum = isinstance(kind, type) and issubclass(kind, enum.Enum)
    floats = (qt.QDoubleSpinBox, ctk.ctkSliderWidget, ctk.ctkDoubleSpinBox)
    rules: list[tuple[bool, type[Connector]]] = [
        (kind is bool and cls in {qt.QCheckBox, ctk.ctkCheckBox}, CheckBox),
        (kind is bool and cls is qt.QPushButton, CheckableButton),
        (kind is int and cls in {qt.QSlider, qt.QSpinBox}, WholeNumber),
        (kind in {int, float} and cls in floats, Number),
        (
            cls in {qt.QComboBox, ctk.ctkComboBox} and (kind in {int, float, str, bool} or is_enum),
            Choices,
        ),
        (kind is str and cls is qt.QLineEdit, Text),
        (kind is str and cls is qt.QLabel, Label),
        (kind is str and cls is qt.QTextEdit, PlainText),
        (is_path and cls is ctk.ctkPathLineEdit, Path),
        (cls is slicer.qMRMLNodeComboBox and _is_node(kind), NodeChoice),
    ]
    for fits, connector in rules:
        if fits:
            return connector(widget, kind, annotations)
    raise RuntimeError(
        f"Unable to create GUI connector from datatype '{annotated}' to widget type '{cls}'"
    )
