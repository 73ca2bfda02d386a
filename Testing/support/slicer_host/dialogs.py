"""Windows that wait for a click: a test answers them beforehand, and sees what they said.

A modal window that nobody answers would stop the test for ever, so it fails instead.
"""

import types
from dataclasses import dataclass, field
from typing import Any

from PySide6 import QtWidgets


class UnansweredDialog(AssertionError):
    """A modal window opened and the test had given no answer for it."""


@dataclass
class Dialogs:
    """What windows were shown and what is answered to them."""

    shown: list[str] = field(default_factory=list)
    _answers: list[Any] = field(default_factory=list)

    def answer(self, *values: Any) -> None:
        """Answers to the next modal windows, in order: a button, a path, True for OK."""
        self._answers.extend(values)

    def take(self, text: str) -> Any:
        """Note that a window was shown and give the answer for it."""
        self.shown.append(text)
        if not self._answers:
            raise UnansweredDialog(f"a modal window opened without an answer: {text!r}")
        return self._answers.pop(0)

    def reset(self) -> list[Any]:
        """Forget everything; returns the answers nobody asked for."""
        left = list(self._answers)
        self._answers.clear()
        self.shown.clear()
        return left

    def take_over(self, qt: types.ModuleType) -> None:
        """Route the modal windows of Qt to the answers."""

        def exec_message(box: QtWidgets.QMessageBox) -> Any:
            return self.take(str(box.text))  # type: ignore[arg-type]

        def exec_dialog(dialog: QtWidgets.QDialog) -> Any:
            return self.take(str(dialog.windowTitle))  # type: ignore[arg-type]

        QtWidgets.QMessageBox.exec = exec_message  # type: ignore[method-assign, assignment]
        QtWidgets.QDialog.exec = exec_dialog  # type: ignore[method-assign, assignment]
        for name in ("question", "information", "warning", "critical", "about"):
            setattr(QtWidgets.QMessageBox, name, staticmethod(self._message))
        for name in (
            "getOpenFileName",
            "getSaveFileName",
            "getExistingDirectory",
            "getOpenFileNames",
        ):
            setattr(QtWidgets.QFileDialog, name, staticmethod(self._file))
        for name in ("getText", "getItem", "getInt", "getDouble", "getMultiLineText"):
            setattr(QtWidgets.QInputDialog, name, staticmethod(self._file))

    def _message(self, _parent: Any, title: str, text: str = "", *_buttons: Any) -> Any:
        return self.take(f"{title}: {text}")

    def _file(self, _parent: Any = None, title: str = "", *_more: Any) -> Any:
        return self.take(title)
