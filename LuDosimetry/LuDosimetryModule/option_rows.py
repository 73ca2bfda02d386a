"""Rows of the panel that are made of the declarations of options."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctk
import qt

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.option import Option
from LuDosimetryLib.dose.residual.model import read_model

from .choice_widgets import ChoiceBox
from .choices import default_text, option_label, option_tip, row_options
from .request import further_options


class OptionRows:
    """
    A row for every option that the panel shows and that is no parameter of its own.

    Their values are kept in the parameter of the further options, as JSON; one that has its default
    is not in it.

    Parameters
    ----------
    widget : QWidget
        Its form layout takes the rows.
    changed : callable
        Called with the further options, as JSON, after the user changed one.
    """

    def __init__(self, widget: Any, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._text = ""
        self._rows = {}
        for parameter, option in row_options().items():
            row = _row(parameter, option, self._setter(option))
            row.editor.objectName = f"option_{option.name}"
            row.editor.toolTip = option_tip(parameter)
            widget.layout().addRow(option_label(parameter, with_unit=True), row.editor)
            if isinstance(row, _NetworkRow):
                widget.layout().addRow(row.hint)
            self._rows[option.name] = row

    def show(self, text: str) -> None:
        """Show the further options; while they are no JSON, rows cannot be changed."""
        self._text = text
        try:
            options = further_options(text)
        except InvalidInput:
            options = None
        for name, row in self._rows.items():
            row.editor.enabled = options is not None
            if options is not None:
                row.show(options.get(name, row.option.default))

    def _setter(self, option: Option) -> Callable[[Any], None]:
        def set_option(value: Any) -> None:
            options = further_options(self._text)
            options.pop(option.name, None)
            if value != option.default:
                options[option.name] = value
            self._changed(json.dumps(options) if options else "")

        return set_option


class _ChoiceRow:
    def __init__(self, parameter: str, option: Option, changed: Callable[[Any], None]) -> None:
        self.option, self.editor = option, qt.QComboBox()
        self._box = ChoiceBox(self.editor, parameter, changed)

    def show(self, value: Any) -> None:
        self._box.show(value)


class _FlagRow:
    def __init__(self, parameter: str, option: Option, changed: Callable[[Any], None]) -> None:
        self.option, self.editor = option, qt.QCheckBox()
        self._changed = changed
        self._showing = False
        self.editor.connect("toggled(bool)", self._on_toggled)

    def show(self, value: Any) -> None:
        self._showing = True
        self.editor.checked = value is True
        self._showing = False

    def _on_toggled(self, checked: bool) -> None:
        if not self._showing:
            self._changed(checked)


class _TextRow:
    """A number or a text; an empty field is the default."""

    def __init__(self, parameter: str, option: Option, changed: Callable[[Any], None]) -> None:
        self.option, self.editor = option, qt.QLineEdit()
        self._changed = changed
        self._shown = ""
        self.editor.placeholderText = default_text(parameter)
        self.editor.connect("editingFinished()", self._on_edited)

    def show(self, value: Any) -> None:
        self._shown = "" if value == self.option.default else f"{value}"
        self.editor.text = self._shown

    def _on_edited(self) -> None:
        text = self.editor.text.strip()
        if text != self._shown:
            self._changed(_value(text, self.option))


class _NetworkRow:
    """
    A path of a network's files; an empty field is the default. Below stands why it cannot be read.

    The text counts, not the path that the widget has found: it keeps the last one that is there.
    """

    def __init__(self, parameter: str, option: Option, changed: Callable[[Any], None]) -> None:
        self.option, self.editor, self.hint = option, ctk.ctkPathLineEdit(), qt.QLabel()
        self.hint.objectName = f"option_{option.name}_hint"
        self.hint.wordWrap = True
        self._changed = changed
        self._showing = False
        box = self.editor.comboBox()
        box.lineEdit().placeholderText = default_text(parameter)
        box.connect("editTextChanged(QString)", self._on_edited)

    def show(self, value: Any) -> None:
        text = "" if value is None else f"{value}"
        if self.editor.comboBox().currentText.strip() != text:
            self._showing = True
            self.editor.comboBox().setEditText(text)
            self._showing = False
        self.hint.text = _refusal(text)
        self.hint.setVisible(bool(self.hint.text))

    def _on_edited(self, text: str) -> None:
        if not self._showing:
            self._changed(text.strip() or None)


def _refusal(path: str) -> str:
    """Why there is no network at a path; empty if there is one, or none is chosen."""
    try:
        if path:
            read_model(Path(path).expanduser().absolute())
    except InvalidInput as error:
        return str(error)[:1].upper() + str(error)[1:]
    return ""


def _row(parameter: str, option: Option, changed: Callable[[Any], None]) -> Any:
    if option.choices is not None:
        return _ChoiceRow(parameter, option, changed)
    if option.type is Path:
        return _NetworkRow(parameter, option, changed)
    return (_FlagRow if option.type is bool else _TextRow)(parameter, option, changed)


def _value(text: str, option: Option) -> Any:
    """What was typed, as the option wants it; what is no number is refused when the case is checked."""
    if not text:
        return option.default
    if option.type is str:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if option.type is int and number.is_integer() else number
