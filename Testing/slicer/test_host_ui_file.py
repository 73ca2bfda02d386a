"""The host's loader of .ui files raises where Qt's own would make something else of the file."""

from pathlib import Path
from typing import Any

import pytest
import slicer
from slicer_host.ui_file import UiFileError

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<ui version="4.0"><class>Panel</class>'
CUSTOM = """<customwidgets>
<customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends><header>x.h</header></customwidget>
<customwidget><class>qMRMLWidget</class><extends>QWidget</extends><header>x.h</header></customwidget>
<customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends><header>x.h</header></customwidget>
</customwidgets>"""


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def build(inside: str, connections: str = "", custom: str = CUSTOM) -> Any:
        path = tmp_path / "Panel.ui"
        body = f'<widget class="qMRMLWidget" name="Panel">{inside}</widget>'
        path.write_text(
            f"{HEAD}{body}{custom}<connections>{connections}</connections></ui>", encoding="utf-8"
        )
        return slicer.util.loadUI(str(path))

    return build


def prop(name: str, value: str, extra: str = "") -> str:
    return f'<property name="{name}"{extra}>{value}</property>'


def test_what_is_right_loads(load: Any) -> None:
    label = (
        '<widget class="QLabel" name="label">' + prop("text", "<string>Dose</string>") + "</widget>"
    )
    widget = load(f'<layout class="QVBoxLayout" name="l"><item>{label}</item></layout>')
    assert slicer.util.childWidgetVariables(widget).label.text == "Dose"


@pytest.mark.parametrize(
    ("inside", "complaint"),
    [
        ('<widget class="QLabell" name="label"/>', "unknown class 'QLabell'"),
        ('<widget class="QWebEngineView" name="w"/>', "unknown class"),
        ('<widget class="ctkNothing" name="n"/>', "unknown class 'ctkNothing'"),
        ('<widget class="QLabel"/>', "has no name"),
        ('<widget class="QLabel" name="a"/><widget class="QLabel" name="a"/>', "occur twice"),
        (
            '<widget class="QLabel" name="a">' + prop("txt", "<string>x</string>") + "</widget>",
            "'txt' is no property of QLabel",
        ),
        (
            '<widget class="ctkCollapsibleButton" name="a">'
            + prop("folded", "<bool>true</bool>")
            + "</widget>",
            "'folded' is no property of ctkCollapsibleButton",
        ),
        (
            '<widget class="QLabel" name="a">'
            + prop("text", "<string>x</string>", ' stdset="0"')
            + "</widget>",
            "is a property of QLabel",
        ),
        (
            '<widget class="QLabel" name="a">'
            + prop("alignment", "<set>Qt::AlignmentFlag::AlignLeft</set>")
            + "</widget>",
            "only Qt 6 reads",
        ),
    ],
)
def test_what_is_wrong_raises(load: Any, inside: str, complaint: str) -> None:
    with pytest.raises(UiFileError, match=complaint):
        load(inside)


def test_custom_widgets_must_be_declared(load: Any) -> None:
    with pytest.raises(UiFileError, match="customwidgets"):
        load("", custom="")


CONNECTION = """<connection><sender>Panel</sender><signal>{}</signal>
<receiver>{}</receiver><slot>{}</slot></connection>"""
SELECTOR = '<widget class="qMRMLNodeComboBox" name="selector"/>'


def test_connections_are_made(load: Any, scene: Any) -> None:
    change, put = "mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)"
    widget = load(SELECTOR, CONNECTION.format(change, "selector", put))
    widget.setMRMLScene(scene)
    assert slicer.util.childWidgetVariables(widget).selector.mrmlScene() is scene


@pytest.mark.parametrize(
    ("signal", "receiver", "slot"),
    [
        ("sceneChanged(vtkMRMLScene*)", "selector", "setMRMLScene(vtkMRMLScene*)"),
        ("mrmlSceneChanged(vtkMRMLScene*)", "selektor", "setMRMLScene(vtkMRMLScene*)"),
        ("mrmlSceneChanged(vtkMRMLScene*)", "selector", "setScene(vtkMRMLScene*)"),
    ],
)
def test_wrong_connections_raise(load: Any, signal: str, receiver: str, slot: str) -> None:
    with pytest.raises((UiFileError, AttributeError)):
        load(SELECTOR, CONNECTION.format(signal, receiver, slot))
