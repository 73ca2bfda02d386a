"""The stand-ins for widgets of CTK and Slicer, with a real scene."""

import time
from typing import Any

import ctk
import numpy as np
import pytest
import qt
import slicer


def a_volume(name: str, kind: str = "vtkMRMLScalarVolumeNode") -> Any:
    return slicer.mrmlScene.AddNewNodeByClass(kind, name)


@pytest.fixture
def selector(scene: Any) -> Any:
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.noneEnabled = True
    box.setMRMLScene(scene)
    return box


def test_defaults_of_the_node_selector() -> None:
    box = slicer.qMRMLNodeComboBox()
    assert not box.noneEnabled
    assert box.addEnabled
    assert box.removeEnabled
    assert not box.renameEnabled
    assert not box.enabled  # without a scene
    assert box.currentNode() is None


def test_the_node_selector_lists_and_chooses(selector: Any) -> None:
    one, two = a_volume("one"), a_volume("two")
    seen: list[Any] = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    assert selector.nodeCount() == 2
    assert selector.currentNode() is None
    selector.setCurrentNode(two)
    selector.setCurrentNodeID(one.GetID())
    selector.setCurrentNode(None)
    assert seen == [two, one, None]
    assert selector.nodeFromIndex(1) is two
    assert selector.nodeFromIndex(2) is None


@pytest.mark.parametrize("none", [True, False])
def test_the_neighbour_of_a_node_that_goes_is_chosen(selector: Any, none: bool) -> None:
    selector.noneEnabled = none
    first, second, third = a_volume("1"), a_volume("2"), a_volume("3")
    selector.setCurrentNode(second)
    slicer.mrmlScene.RemoveNode(second)
    assert selector.currentNode() is third
    slicer.mrmlScene.RemoveNode(third)
    assert selector.currentNode() is first
    slicer.mrmlScene.RemoveNode(first)
    assert selector.currentNode() is None


def test_what_comes_in_a_batch_can_be_chosen_at_its_end(selector: Any) -> None:
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    one = a_volume("one")
    selector.setCurrentNode(one)
    assert selector.currentNode() is None
    scene.EndState(scene.BatchProcessState)
    assert selector.currentNode() is None
    selector.setCurrentNode(one)
    assert selector.currentNode() is one


def test_renaming_the_chosen_node_tells_a_change(selector: Any) -> None:
    one = a_volume("one")
    selector.setCurrentNode(one)
    seen: list[Any] = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    one.SetName("other name")
    assert seen == [one]


def test_kinds_and_attributes_and_hidden_nodes(selector: Any) -> None:
    plain = a_volume("plain")
    labels = a_volume("labels", "vtkMRMLLabelMapVolumeNode")
    hidden = a_volume("hidden")
    hidden.SetHideFromEditors(True)
    selector.showChildNodeTypes = False
    assert selector.nodeCount() == 1
    selector.showChildNodeTypes = True
    assert selector.nodeCount() == 2
    selector.addAttribute("vtkMRMLScalarVolumeNode", "Dose", "1")
    assert selector.nodeCount() == 0
    plain.SetAttribute("Dose", "1")
    assert selector.nodeCount() == 1
    assert labels is not None


def test_scene_close_empties_the_selector(selector: Any) -> None:
    selector.setCurrentNode(a_volume("one"))
    slicer.mrmlScene.Clear(0)
    assert selector.nodeCount() == 0
    assert selector.currentNode() is None


def test_blocked_signals_are_silent(selector: Any) -> None:
    seen: list[Any] = []
    selector.connect("currentNodeChanged(bool)", seen.append)
    selector.blockSignals(True)
    selector.setCurrentNode(a_volume("one"))
    selector.blockSignals(False)
    assert seen == []


@pytest.fixture
def segmentation(scene: Any) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    for name in ("liver", "spleen", "kidney"):
        node.GetSegmentation().AddEmptySegment(name, name)
    return node


def test_the_segments_table_follows_the_segmentation(segmentation: Any, scene: Any) -> None:
    table = slicer.qMRMLSegmentsTableView()
    table.setMRMLScene(scene)
    table.setSegmentationNode(segmentation)
    assert table.segmentCount == 3
    table.setSelectedSegmentIDs(["liver", "kidney"])
    assert table.selectedSegmentIDs() == ("liver", "kidney")
    segmentation.GetSegmentation().RemoveSegment("liver")
    assert table.segmentCount == 2
    assert table.selectedSegmentIDs() == ("kidney",)
    assert table.displayedSegmentIDs() == ("spleen", "kidney")
    with pytest.raises(TypeError, match="list"):
        table.setSelectedSegmentIDs("liver")


def test_the_segments_table_tells_its_selection(segmentation: Any, scene: Any) -> None:
    table = slicer.qMRMLSegmentsTableView()
    table.setMRMLScene(scene)
    table.setSegmentationNode(segmentation)
    seen: list[Any] = []
    table.connect("selectionChanged(QItemSelection,QItemSelection)", lambda a, b: seen.append(1))
    table.setSelectedSegmentIDs(["spleen"])
    table.clearSelection()
    assert len(seen) == 2
    with pytest.raises(TypeError, match="no segmentation"):
        table.setSegmentationNode(a_volume("CT"))


def test_the_table_view_shows_titles_and_units(scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", "organs")
    slicer.util.updateTableFromArray(node, (np.array([1.5, 2.0]),), ["dose"])
    node.SetColumnTitle("dose", "Mean dose")
    node.SetColumnUnitLabel("dose", "Gy")
    node.SetUseColumnTitleAsColumnHeader(True)
    view = slicer.qMRMLTableView()
    view.setMRMLScene(scene)
    view.setMRMLTableNode(node)
    model = view.model()
    assert model.headerData(0, qt.Qt.Horizontal) == "Mean dose [Gy]"
    assert model.rowCount() == 2
    assert model.index(0, 0).data() == "1.5"


def test_a_folded_section_hides_what_is_in_it() -> None:
    section = ctk.ctkCollapsibleButton()
    qt.QVBoxLayout(section)
    child, hidden = qt.QLabel("inside"), qt.QLabel("hidden by name")
    section.layout().addWidget(child)
    section.layout().addWidget(hidden)
    hidden.setVisible(False)
    section.show()
    assert child.visible
    seen: list[bool] = []
    section.connect("contentsCollapsed(bool)", seen.append)
    section.collapsed = True
    assert not child.visible
    assert not section.checked
    section.collapsed = False
    assert child.visible
    assert not hidden.visible
    assert seen == [True, False]


def test_numbers_of_ctk() -> None:
    for widget in (ctk.ctkDoubleSpinBox(), ctk.ctkSliderWidget()):
        widget.maximum = 10000.0
        widget.decimals = 3
        seen: list[float] = []
        widget.connect("valueChanged(double)", seen.append)
        widget.value = 6500.125
        assert widget.value == 6500.125
        widget.value = 1e9
        assert widget.value == 10000.0
        assert seen == [6500.125, 10000.0]


def test_layout_and_slice_views_are_real(scene: Any) -> None:
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView
    assert manager.tableWidget(0).mrmlTableViewNode() is not None
    assert manager.plotWidget(0).mrmlPlotViewNode() is not None
    volume = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6)))
    slicer.util.setSliceViewerLayers(background=volume)
    composite = manager.sliceWidget("Red").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == volume.GetID()
    assert manager.sliceWidget("Blue") is None


def test_longest_block_of_the_event_loop_is_measured(responsiveness: Any, wait_until: Any) -> None:
    with responsiveness() as free:
        turns: list[int] = []
        qt.QTimer.singleShot(50, lambda: turns.append(1))
        wait_until(lambda: turns, 5)
    with responsiveness() as blocked:
        done: list[int] = []

        def block() -> None:
            time.sleep(0.3)
            end = time.thread_time() + 0.1
            while time.thread_time() < end:
                pass
            done.append(1)

        qt.QTimer.singleShot(5, block)
        wait_until(lambda: done, 5)
    assert blocked.longest_s >= 0.4
    assert 0.1 <= blocked.longest_cpu_s < 0.3
    assert free.longest_cpu_s < 0.05
