"""The host's Qt is as strict as PythonQt, or stricter: what Slicer prints or swallows fails here."""

from typing import Any

import ctk
import pytest
import qt
import slicer
import vtk
from slicer_host import failures
from slicer_host.dialogs import UnansweredDialog


def test_properties_are_values() -> None:
    label = qt.QLabel("before")
    label.text = "after"
    assert label.text == "after"
    assert label.property("text") == "after"
    assert qt.QProgressBar().value == -1


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: qt.QLabel("x"), "text"),
        (qt.QSpinBox, "value"),
        (qt.QComboBox, "currentIndex"),
        (qt.QCheckBox, "checked"),
        (ctk.ctkCollapsibleButton, "collapsed"),
        (ctk.ctkDoubleSpinBox, "value"),
        (slicer.qMRMLNodeComboBox, "currentNodeID"),
        (slicer.qMRMLSegmentsTableView, "segmentCount"),
        (lambda: slicer.app, "temporaryPath"),
        (lambda: slicer.app, "majorVersion"),
    ],
)
def test_calling_a_property_raises(make: Any, name: str) -> None:
    with pytest.raises(TypeError, match="not callable"):
        getattr(make(), name)()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (qt.QWidget, "isVisible"),
        (qt.QWidget, "layout"),
        (qt.QPushButton, "isChecked"),
        (qt.QTimer, "isActive"),
        (slicer.qMRMLNodeComboBox, "currentNode"),
        (lambda: slicer.app, "testingEnabled"),
    ],
)
def test_methods_stay_methods(make: Any, name: str) -> None:
    owner = make()
    assert callable(getattr(owner, name))
    getattr(owner, name)()


def test_a_timer_has_no_property_single_shot() -> None:
    timer = qt.QTimer()
    with pytest.raises(AttributeError):
        timer.singleShot = True
    timer.setSingleShot(True)
    assert timer.isSingleShot()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (qt.QLabel, "txt"),
        (qt.QComboBox, "autoCompletion"),  # gone in Qt 6
        (qt.QCheckBox, "checkStateChanged"),  # not yet in Qt 5
        (
            ctk.ctkCollapsibleButton,
            "setCollapsed",
        ),  # public, but neither slot nor invokable
        (ctk.ctkCollapsibleButton, "isFlat"),
        (ctk.ctkDoubleSpinBox, "setMaximum"),
        (ctk.ctkSliderWidget, "setMinimum"),
        (slicer.qMRMLNodeComboBox, "setNodeTypes"),
        (slicer.qMRMLNodeComboBox, "nodes"),
        (slicer.qMRMLNodeComboBox, "comboBox"),
        (slicer.qMRMLTableView, "setTransposedd"),
        (lambda: slicer.app, "version"),
        (slicer.app.layoutManager, "redraw"),
    ],
)
def test_unknown_members_raise_on_reading_and_writing(make: Any, name: str) -> None:
    owner = make()
    with pytest.raises(AttributeError, match=name):
        getattr(owner, name)
    with pytest.raises(AttributeError, match=name):
        setattr(owner, name, 1)


def test_methods_and_signals_cannot_be_overwritten() -> None:
    button = qt.QPushButton()
    with pytest.raises(AttributeError, match="can not be overwritten"):
        button.setText = "Run"
    with pytest.raises(AttributeError, match="can not be overwritten"):
        button.clicked = print


def test_properties_take_their_type_only() -> None:
    with pytest.raises(AttributeError, match="does not accept"):
        qt.QLabel().text = 3
    with pytest.raises(AttributeError, match="does not accept"):
        qt.QSpinBox().value = 2.5
    with pytest.raises(AttributeError, match="not writable"):
        slicer.qMRMLSegmentsTableView().segmentCount = 2


def test_methods_take_no_keywords() -> None:
    with pytest.raises(TypeError, match="keyword"):
        qt.QLabel().setText(text="x")


def test_unknown_classes_raise() -> None:
    with pytest.raises(AttributeError):
        _ = qt.QLabell
    with pytest.raises(AttributeError):
        _ = qt.QWebEngineView
    with pytest.raises(AttributeError):
        _ = ctk.ctkNothing
    with pytest.raises(NotImplementedError, match="ctkRangeWidget"):
        ctk.ctkRangeWidget()


def test_signals_by_signature_and_by_name() -> None:
    button = qt.QPushButton()
    button.checkable = True
    seen: list[Any] = []
    button.connect("clicked(bool)", seen.append)
    button.connect("clicked()", lambda: seen.append("none"))
    button.toggled.connect(lambda on: seen.append(("toggled", on)))
    button.click()
    assert seen == [("toggled", True), True, "none"]


def test_a_slot_gets_no_more_arguments_than_it_takes() -> None:
    box = qt.QSpinBox()
    seen: list[Any] = []
    box.connect("valueChanged(int)", lambda: seen.append("plain"))
    box.connect("valueChanged(int)", lambda value, more="default": seen.append((value, more)))
    box.value = 4
    assert seen == ["plain", (4, "default")]


def test_disconnect_ends_it_and_wants_a_connected_slot() -> None:
    button = qt.QPushButton()
    seen: list[bool] = []
    button.connect("clicked(bool)", seen.append)
    button.disconnect("clicked(bool)", seen.append)
    button.click()
    assert seen == []
    with pytest.raises(RuntimeError, match="not connected"):
        button.disconnect("clicked(bool)", seen.append)


@pytest.mark.parametrize("signal", ["clickd(bool)", "clicked(int)", "clicked", "valueChanged(int)"])
def test_misspelt_signals_raise(signal: str) -> None:
    with pytest.raises((AttributeError, TypeError)):
        qt.QPushButton().connect(signal, print)
    with pytest.raises((AttributeError, TypeError)):
        slicer.qMRMLNodeComboBox().connect(signal, print)


def test_overloads_need_the_string() -> None:
    selector = slicer.qMRMLNodeComboBox()
    selector.currentNodeChanged.connect(lambda: None)
    with pytest.raises(TypeError, match="overloads"):
        selector.currentNodeChanged.connect(lambda node: None)
    selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: None)


def test_exceptions_in_slots_are_failures(host: Any) -> None:
    button = qt.QPushButton()
    button.connect("clicked()", lambda: 1 / 0)
    with failures.expected("ZeroDivisionError"):
        button.click()


def test_exceptions_in_single_shots_are_failures(wait_until: Any) -> None:
    done: list[int] = []

    def bad() -> None:
        done.append(1)
        raise ValueError("late")

    with failures.expected("ValueError: late"):
        qt.QTimer.singleShot(0, bad)
        wait_until(lambda: done, 5)


def test_exceptions_in_observers_are_failures(scene: Any) -> None:
    def bad(_caller: Any, _event: str) -> None:
        raise ValueError("observed")

    node = scene.AddNewNodeByClass("vtkMRMLTextNode")
    node.AddObserver(vtk.vtkCommand.ModifiedEvent, bad)
    with failures.expected("ValueError: observed"):
        node.Modified()


def test_exceptions_in_event_filters_are_failures() -> None:
    class Filter(qt.QObject):
        def eventFilter(self, watched: Any, event: Any) -> bool:
            raise ValueError("filtered")

    widget, watcher = qt.QWidget(), Filter()
    widget.installEventFilter(watcher)
    with pytest.raises(ValueError, match="filtered"):
        widget.windowTitle = "something to filter"
    widget.removeEventFilter(watcher)
    failures.take()


def test_errors_of_vtk_and_warnings_of_qt_are_failures() -> None:
    with failures.expected("nothing-here"):
        reader = vtk.vtkXMLImageDataReader()
        reader.SetFileName("/nothing-here")
        reader.Update()
    failures.take()
    widget = qt.QWidget()
    qt.QVBoxLayout(widget)
    with failures.expected("already has a layout"):
        qt.QVBoxLayout(widget)


def test_what_raises_where_nothing_is_expected_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no failure"), failures.expected("anything"):
        pass


def test_lists_come_back_as_tuples() -> None:
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    assert selector.nodeTypes == ("vtkMRMLScalarVolumeNode",)
    assert slicer.app.layoutManager().sliceViewNames() == ("Red", "Green", "Yellow")
    table = qt.QTableWidget(1, 1)
    assert table.selectedItems() == ()
    assert isinstance(qt.QWidget().children(), tuple)
    assert slicer.qMRMLSegmentsTableView().selectedSegmentIDs() == ()


def test_name_is_the_object_name_and_children_are_attributes() -> None:
    parent = qt.QWidget()
    child = qt.QLabel("text", parent)
    child.name = "inner"
    assert child.objectName == "inner"
    assert parent.inner is child
    assert parent.findChild(qt.QLabel, "inner") is child
    assert parent.findChildren("QLabel") == (child,)


def test_dynamic_properties_read_as_attributes() -> None:
    widget = qt.QWidget()
    widget.setProperty("SlicerParameterName", "volume")
    assert widget.SlicerParameterName == "volume"
    widget.SlicerParameterName = "dose"
    assert widget.property("SlicerParameterName") == "dose"


def test_derived_classes_take_attributes() -> None:
    class Mine(qt.QWidget):
        def greet(self) -> str:
            return "hello"

    mine = Mine()
    mine.anything = 3
    assert mine.anything == 3
    assert mine.greet() == "hello"
    assert mine.visible is False


def test_widgets_that_qt_made_have_the_same_manners() -> None:
    combo = qt.QComboBox()
    combo.editable = True
    combo.lineEdit().text = "typed"
    assert combo.currentText == "typed"
    with pytest.raises(AttributeError):
        combo.lineEdit().nothing = 1
    table = qt.QTableWidget(2, 2)
    header = table.horizontalHeader()
    header.stretchLastSection = True
    assert header.stretchLastSection is True


def test_cell_widgets_come_back_as_they_were() -> None:
    table = qt.QTableWidget(1, 1)
    selector = slicer.qMRMLNodeComboBox()
    table.setCellWidget(0, 0, selector)
    assert table.cellWidget(0, 0) is selector
    assert table.cellWidget(0, 0).className() == "qMRMLNodeComboBox"


def test_modal_windows_need_an_answer(host: Any) -> None:
    with pytest.raises(UnansweredDialog):
        qt.QMessageBox.question(None, "Install", "Now?")
    host.dialogs.answer(qt.QMessageBox.Yes, "/some/file")
    assert qt.QMessageBox.question(None, "Install", "Now?") == qt.QMessageBox.Yes
    assert qt.QFileDialog.getSaveFileName(None, "Save", "", "*.csv") == "/some/file"
    assert host.dialogs.shown[-1] == "Save"


def test_error_messages_are_windows_only_with_a_main_window(host: Any, caplog: Any) -> None:
    slicer.util.errorDisplay("only logged")
    assert "only logged" in caplog.text
    host.main_window = True
    host.dialogs.answer(qt.QMessageBox.Ok)
    slicer.util.errorDisplay("shown", detailedText="details")
    assert host.dialogs.shown == ["shown"]
    host.testing = True
    slicer.util.errorDisplay("logged again")
    assert host.dialogs.shown == ["shown"]
