"""The parameter node wrapper, by what a module sees of it: the same on stand-ins and on Slicer's own.

With SLICER_SOURCE these tests run on the genuine package; that they pass there too is what makes
the stand-in one to be believed.
"""

import enum
import pathlib
from typing import Annotated, Any

import ctk
import pytest
import qt
import slicer
import vtk
from slicer.parameterNodeWrapper import (
    Choice,
    Decimals,
    Default,
    Maximum,
    Minimum,
    WithinRange,
    isParameterNodeWrapper,
    parameterNodeWrapper,
    parameterPack,
)


class Method(enum.Enum):
    LOCAL = "local"
    MULTI = "multi-vsv"

    def label(self) -> str:
        return f"{self.value} method"


@parameterPack
class TimePoint:
    volume: slicer.vtkMRMLScalarVolumeNode
    ct: slicer.vtkMRMLScalarVolumeNode
    hours: Annotated[float, Minimum(0.0)] = 4.0
    unit: str = "Bq/mL"


@parameterNodeWrapper
class Parameters:
    volume: slicer.vtkMRMLScalarVolumeNode
    scans: list[TimePoint]
    names: list[str]
    method: Method = Method.MULTI
    activity: Annotated[float, WithinRange(0.0, 50000.0), Decimals(1), Default(7400.0)]
    media: Annotated[int, Minimum(1), Maximum(100)] = 20
    tail: Annotated[str, Choice(["physical", "effective"])] = "physical"
    compare: bool
    folder: pathlib.Path
    sizes: dict[str, float]
    pair: Annotated[tuple[int, str], Default((0, ""))]
    maybe: int | None


@pytest.fixture
def node(scene: Any) -> Any:
    return scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "parameters")


@pytest.fixture
def parameters(node: Any) -> Any:
    return Parameters(node)


def a_volume(name: str) -> Any:
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)


def test_defaults(parameters: Any) -> None:
    assert isParameterNodeWrapper(parameters)
    assert parameters.volume is None
    assert len(parameters.scans) == 0
    assert parameters.method is Method.MULTI
    assert parameters.activity == 7400.0
    assert parameters.media == 20
    assert parameters.compare is False
    assert parameters.maybe is None
    assert parameters.default("activity").value == 7400.0


def test_values_live_in_the_node(parameters: Any, node: Any) -> None:
    volume = a_volume("SPECT")
    parameters.volume = volume
    parameters.names = ["liver", "spleen"]
    parameters.method = Method.LOCAL
    parameters.sizes = {"liver": 1500.0}
    parameters.pair = (3, "three")
    parameters.maybe = 5
    again = Parameters(node)
    assert again.volume is volume
    assert again.names == ["liver", "spleen"]
    assert again.method is Method.LOCAL
    assert again.sizes["liver"] == 1500.0
    assert again.pair == (3, "three")
    assert again.maybe == 5
    assert node.GetNodeReferenceID("volume") == volume.GetID()
    assert node.GetParameter("method") == "LOCAL"
    assert node.GetParameter("names.len") == "2"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("activity", -1.0, ValueError),
        ("activity", "much", TypeError),
        ("media", 200, ValueError),
        ("media", 2.5, TypeError),
        ("tail", "none", ValueError),
        ("compare", None, ValueError),
        ("compare", 1, TypeError),
        ("volume", 3, TypeError),
        ("names", [1], TypeError),
        ("maybe", "text", Exception),
    ],
)
def test_values_of_the_wrong_kind_are_refused(
    parameters: Any, name: str, value: Any, error: type[Exception]
) -> None:
    before = getattr(parameters, name)
    with pytest.raises(error):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


def test_lists_of_packs_keep_edits_in_place(parameters: Any, node: Any) -> None:
    early, late = a_volume("early"), a_volume("late")
    parameters.scans = [TimePoint(early, None, 4.0), TimePoint(volume=late, hours=24.0)]
    parameters.scans[0].hours = 5.0
    parameters.scans[1].volume = early
    parameters.scans.append(TimePoint())
    scans = Parameters(node).scans
    assert [s.hours for s in scans] == [5.0, 24.0, 4.0]
    assert scans[1].volume is early
    del parameters.scans[0]
    assert len(Parameters(node).scans) == 2
    with pytest.raises(ValueError, match=r".*"):
        parameters.scans[0].hours = -1.0
    with pytest.raises(AttributeError):
        parameters.scans[0].minutes = 3


def test_lists_of_packs_sort(parameters: Any, node: Any) -> None:
    parameters.scans = [TimePoint(hours=h) for h in (48.0, 4.0, 24.0)]
    parameters.scans.sort(key=lambda scan: scan.hours)
    assert [s.hours for s in Parameters(node).scans] == [4.0, 24.0, 48.0]


def test_packs_compare_by_value() -> None:
    assert TimePoint(hours=4.0) == TimePoint()
    assert TimePoint(hours=5.0) != TimePoint()
    with pytest.raises(TypeError):
        TimePoint(minutes=3)
    with pytest.raises(ValueError, match=r".*"):
        TimePoint(hours=-1.0)


def test_a_removed_node_becomes_none(parameters: Any) -> None:
    volume = a_volume("SPECT")
    parameters.volume = volume
    parameters.scans = [TimePoint(volume, volume, 4.0)]
    slicer.mrmlScene.RemoveNode(volume)
    assert parameters.volume is None
    assert parameters.scans[0].volume is None
    assert parameters.scans[0].ct is None


def test_every_change_tells_the_observers(parameters: Any) -> None:
    seen: list[int] = []
    parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: seen.append(1))
    parameters.activity = 1.0
    assert len(seen) == 1
    parameters.scans = [TimePoint()]
    assert len(seen) == 2
    parameters.scans[0].hours = 8.0
    assert len(seen) == 3


def test_names_that_do_not_exist_raise(parameters: Any) -> None:
    with pytest.raises(ValueError, match="activty"):
        parameters.getValue("activty")
    assert parameters.getValue("activity") == 7400.0
    parameters.setValue("media", 7)
    assert parameters.media == 7


def test_types_that_cannot_be_kept_raise() -> None:
    class Wrong:
        table: slicer.vtkMRMLTableNode
        anything: complex

    with pytest.raises(Exception, match=r"complex|anything"):
        parameterNodeWrapper(Wrong)


def test_reserved_names_raise() -> None:
    with pytest.raises(ValueError, match="reserved"):

        @parameterNodeWrapper
        class Wrong:
            getValue: int


def bound(parameters: Any, **widgets: Any) -> int:
    return int(parameters.connectParametersToGui(widgets))


def test_widgets_and_values_follow_each_other(parameters: Any) -> None:
    line, spin, combo, tail = qt.QLineEdit(), qt.QSpinBox(), qt.QComboBox(), qt.QComboBox()
    number, check = ctk.ctkDoubleSpinBox(), qt.QCheckBox()
    tag = bound(parameters, activity=number, media=spin, method=combo, tail=tail, compare=check)
    assert number.maximum == 50000.0
    assert number.decimals == 1
    assert spin.maximum == 100
    assert combo.currentText == "multi-vsv method"
    combo.currentIndex = 0
    number.value = 3700.0
    check.click()
    tail.currentText = "effective"
    assert parameters.method is Method.LOCAL
    assert parameters.activity == 3700.0
    assert parameters.compare
    parameters.media = 12
    assert spin.value == 12
    parameters.disconnectGui(tag)
    spin.value = 3
    assert parameters.media == 12
    assert line is not None


def test_node_selectors_take_their_kinds_from_the_type(parameters: Any, scene: Any) -> None:
    selector = slicer.qMRMLNodeComboBox()
    selector.noneEnabled = True
    selector.setMRMLScene(scene)
    bound(parameters, volume=selector)
    assert selector.nodeTypes == ("vtkMRMLScalarVolumeNode",)
    volume = a_volume("SPECT")
    selector.setCurrentNode(volume)
    assert parameters.volume is volume
    parameters.volume = None
    assert selector.currentNode() is None


def test_widgets_of_another_class_are_refused(parameters: Any) -> None:
    class MySpinBox(qt.QSpinBox):
        pass

    with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
        bound(parameters, media=MySpinBox())
    with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
        bound(parameters, activity=qt.QLineEdit())
    with pytest.raises(ValueError, match="nothing"):
        bound(parameters, nothing=qt.QLineEdit())
