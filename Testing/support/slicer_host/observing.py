"""Watching the scene, for the stand-ins that list its nodes or show one of them."""

import weakref
from collections.abc import Callable
from typing import Any

import shiboken6
import vtk

# that of qMRMLSceneModel: the widgets of Slicer learn of an event after those who ask for nothing special
_PRIORITY = -10.0

_all: "weakref.WeakSet[SceneWatch]" = weakref.WeakSet()


def end_all() -> None:
    """Drop every observer of every widget, before the scene goes."""
    for watch in list(_all):
        watch.clear()


class SceneWatch:
    """Observers of one widget, dropped with the widget or when the scene is exchanged."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._tags: list[tuple[Any, int]] = []
        _all.add(self)

    def watch(self, target: Any, event: int | str, call: Callable[..., None]) -> None:
        """Call `call(node or None)` at every event, for as long as the widget lives."""

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def observed(_caller: Any, _event: str, node: Any = None) -> None:
            if shiboken6.isValid(self._owner):
                call(node)
            else:
                self.clear()

        self._tags.append((target, target.AddObserver(event, observed, _PRIORITY)))

    def watch_plain(self, target: Any, event: int | str, call: Callable[[], None]) -> None:
        """The same for events without a node."""

        def observed(_caller: Any, _event: str) -> None:
            if shiboken6.isValid(self._owner):
                call()
            else:
                self.clear()

        self._tags.append((target, target.AddObserver(event, observed, _PRIORITY)))

    def clear(self) -> None:
        """Drop all observers."""
        for target, tag in self._tags:
            target.RemoveObserver(tag)
        self._tags.clear()
