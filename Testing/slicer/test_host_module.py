"""The host proved with a small module: .ui file, parameter node, button, timer, scene close, save."""

from pathlib import Path
from typing import Any

import pytest
import slicer

SMALL = Path(__file__).with_name("small_module") / "Small.py"


@pytest.fixture
def small(host: Any) -> Any:
    return host.load(SMALL).open()


def a_volume(name: str) -> Any:
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)


def test_metadata_is_read_as_slicer_reads_it(host: Any) -> None:
    module = host.load(SMALL)
    assert module.module.title == "Small"
    assert module.module.categories == ("Testing",)
    assert slicer.modules.small.path == str(SMALL)


def test_widgets_show_what_the_parameter_node_has(small: Any) -> None:
    assert small.ui.activityBox.value == 7400.0
    assert small.ui.historiesBox.value == 5
    assert small.ui.nameEdit.text == "patient"
    small.parameters.activity = 6500.0
    small.parameters.compare = True
    assert small.ui.activityBox.value == 6500.0
    assert small.ui.compareBox.checked


def test_what_the_user_sets_goes_into_the_parameter_node(small: Any) -> None:
    volume = a_volume("SPECT")
    small.ui.volumeSelector.setCurrentNode(volume)
    small.ui.activityBox.value = 3700.0
    small.ui.compareBox.click()
    small.ui.nameEdit.text = "someone else"
    assert small.parameters.volume is volume
    assert small.parameters.activity == 3700.0
    assert small.parameters.compare
    assert small.parameters.name == "someone else"


def test_a_removed_volume_becomes_none(small: Any) -> None:
    volume = a_volume("SPECT")
    small.parameters.volume = volume
    small.parameters.scans = []
    small.parameters.scans.append(type_of_scan(small)(volume, 4.0))
    slicer.mrmlScene.RemoveNode(volume)
    assert small.parameters.volume is None
    assert small.ui.volumeSelector.currentNode() is None
    assert small.parameters.scans[0].volume is None


def type_of_scan(small: Any) -> Any:
    import Small

    return Small.Scan


def test_a_click_starts_a_timer_that_ends_by_itself(small: Any, wait_until: Any) -> None:
    small.ui.runButton.click()
    wait_until(lambda: small.ui.progress.value == 10, 5)
    assert not small.timer.isActive()


def test_scene_close_gives_a_fresh_parameter_node(small: Any) -> None:
    small.parameters.activity = 1.0
    slicer.mrmlScene.Clear(0)
    assert small.parameters.activity == 7400.0
    assert small.ui.activityBox.value == 7400.0


@pytest.mark.parametrize("ending", ["mrb", "mrml"])
def test_a_saved_scene_brings_the_parameters_back(small: Any, tmp_path: Path, ending: str) -> None:
    volume = a_volume("SPECT")
    slicer.util.updateVolumeFromArray(volume, __import__("numpy").zeros((2, 3, 4)))
    small.parameters.activity = 6500.0
    small.parameters.scans = [type_of_scan(small)(None, 4.0)]
    path = tmp_path / f"scene.{ending}"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    assert small.parameters.activity == 7400.0
    slicer.util.loadScene(str(path))
    small.begin()
    assert small.parameters.activity == 6500.0
    assert [s.hours for s in small.parameters.scans] == [4.0]


def test_reload_makes_a_new_panel_from_the_file(small: Any, host: Any) -> None:
    slicer.util.reloadScriptedModule("Small")
    fresh = slicer.modules.SmallWidget
    assert fresh is not small
    assert fresh.ui.runButton.text == "Run"


def test_self_test_of_the_module_runs(small: Any) -> None:
    slicer.selfTests["Small"](msec=0)
