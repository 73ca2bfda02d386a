"""`@parameterNodeWrapper`: a class whose fields live in a parameter node."""

import weakref
from typing import Any

import qt
import slicer
import vtk

from .binding import Connector, connector_for
from .pack import Field, data_type, fields_of

SlicerParameterNamePropertyName = "SlicerParameterName"
RESERVED = (
    "allParameters", "default", "isCached", "dataType", "getValue", "setValue", "connectGui",
    "connectParametersToGui", "disconnectGui", "StartModify", "EndModify", "AddObserver",
    "RemoveObserver", "Modified",
)  # fmt: skip


class _Cell:
    """One field of one wrapper; values that may be cached are read again when the node changes."""

    def __init__(self, field: Field, node: Any, prefix: str) -> None:
        self.field, self.node, self.name = field, node, prefix + field.name
        self.cached = field.kept.cached
        self._writing = False
        self._value = self._fresh()
        if self.cached:
            me = weakref.ref(self)

            def changed(_caller: Any, _event: str) -> None:
                cell = me()
                if cell is not None and not cell._writing:
                    cell._value = cell._fresh()

            self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, changed)

    def __del__(self) -> None:
        if getattr(self, "_tag", None) is not None:
            self.node.RemoveObserver(self._tag)

    def _fresh(self) -> Any:
        """What the node has; the default is put there when it has nothing, as after a scene close."""
        if not self.field.kept.has(self.node, self.name):
            self.field.kept.put(self.node, self.name, self.field.default.value)
        return self.field.kept.read(self.node, self.name)

    def read(self) -> Any:
        return self._value if self.cached else self._fresh()

    def write(self, value: Any) -> None:
        if not self.cached:
            self.field.kept.put(self.node, self.name, value)
            return
        self._writing = True
        try:
            with slicer.util.NodeModify(self.node):
                self.field.kept.put(self.node, self.name, value)
                self._value = self.field.kept.read(self.node, self.name)
        finally:
            self._writing = False


def isParameterNodeWrapper(thing: Any) -> bool:
    """Whether a class or object is a wrapper."""
    return bool(getattr(thing, "_is_parameter_node_wrapper", False))


def parameterNodeWrapper(cls: type | None = None) -> Any:
    """Class decorator."""
    return _make(cls) if cls is not None else _make


def _make(cls: Any) -> Any:
    fields = fields_of(cls)
    for name in RESERVED:
        if hasattr(cls, name) or name in fields:
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
    for field in fields.values():
        setattr(cls, field.name, _property(field.name))
    cls.allParameters = fields
    cls._is_parameter_node_wrapper = True
    cls.__init__ = _init
    cls.dataType = staticmethod(lambda name: data_type(cls, name))
    for name, function in _METHODS.items():
        setattr(cls, name, function)
    return cls


def _property(name: str) -> property:
    return property(
        lambda self: self._cells[name].read(), lambda self, value: self._cells[name].write(value)
    )


def _init(self: Any, parameterNode: Any, prefix: str | None = None) -> None:
    self.parameterNode = parameterNode
    self._bindings: dict[int, tuple[dict[str, Connector], int]] = {}
    self._next_tag = 0
    self._showing = False
    self._cells = {n: _Cell(f, parameterNode, prefix or "") for n, f in self.allParameters.items()}


def _get(self: Any, name: str) -> Any:
    top, _, rest = name.partition(".")
    data_type(self, name)
    value = self._cells[top].read()
    return value.getValue(rest) if rest else value


def _set(self: Any, name: str, value: Any) -> None:
    top, _, rest = name.partition(".")
    data_type(self, name)
    if rest:
        self._cells[top].read().setValue(rest, value)
    else:
        self._cells[top].write(value)


def _connect_gui(self: Any, gui: Any) -> int:
    """Bind every widget that has the dynamic property SlicerParameterName."""
    if getattr(gui, "isWidgetType", lambda: False)():
        widgets = list(gui.findChildren(qt.QWidget))
    else:
        widgets = list(gui.__dict__.values())
    named = [(w.property(SlicerParameterNamePropertyName), w) for w in widgets]
    return _connect(self, {name: w for name, w in named if name})


def _connect(self: Any, mapping: dict[str, Any]) -> int:
    for name in mapping:
        data_type(self, name)
    bound = {
        name: w if isinstance(w, Connector) else connector_for(w, data_type(self, name))
        for name, w in mapping.items()
    }
    tag = self._next_tag
    self._next_tag += 1

    def from_gui(name: str, connector: Connector) -> Any:
        def changed() -> None:
            with slicer.util.NodeModify(self.parameterNode):
                if not self._showing:
                    _set(self, name, connector.read())

        return changed

    self._bindings[tag] = (bound, 0)
    for name, connector in bound.items():
        connector.write(_get(self, name))
        connector.on_changed(from_gui(name, connector))
    observer = self.parameterNode.AddObserver(
        vtk.vtkCommand.ModifiedEvent, lambda *_: _to_gui(self)
    )
    self._bindings[tag] = (bound, observer)
    return tag


def _to_gui(self: Any) -> None:
    if self._showing:
        return
    self._showing = True
    try:
        with slicer.util.NodeModify(self.parameterNode):
            for bound, _ in list(self._bindings.values()):
                for name, connector in bound.items():
                    connector.write(_get(self, name))
    finally:
        self._showing = False


def _disconnect_gui(self: Any, tag: int) -> None:
    if tag in self._bindings:
        bound, observer = self._bindings.pop(tag)
        for connector in bound.values():
            connector.on_changed(None)
        self.parameterNode.RemoveObserver(observer)


def findChildWidgetForParameter(widget: Any, parameter: str) -> Any:
    """The widget below `widget` that is bound to a parameter, or None."""
    for child in widget.findChildren(qt.QWidget):
        if child.property(SlicerParameterNamePropertyName) == parameter:
            return child
    return None


_METHODS = {
    "getValue": _get,
    "setValue": _set,
    "connectGui": _connect_gui,
    "connectParametersToGui": _connect,
    "disconnectGui": _disconnect_gui,
    "default": lambda self, name: self.allParameters[name].default,
    "isCached": lambda self, name: self._cells[name].cached,
    "StartModify": lambda self: self.parameterNode.StartModify(),
    "EndModify": lambda self, was: self.parameterNode.EndModify(was),
    "AddObserver": lambda self, event, call, priority=0.0: self.parameterNode.AddObserver(
        event, call, priority
    ),
    "RemoveObserver": lambda self, tag: self.parameterNode.RemoveObserver(tag),
    "Modified": lambda self: self.parameterNode.Modified(),
}
