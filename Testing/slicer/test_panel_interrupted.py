"""Calculations from the panel that are cancelled, killed or disturbed: real processes."""

import os
import signal
import stat
import time

import pytest
import slicer

from .conftest import (
    errors,
    job_folders,
    parameters,
    run_to_the_end,
    slow_case,
    until_it_calculates,
)


@pytest.mark.slow
def test_cancel_is_quick_and_leaves_the_scene_alone(loaded, wait_until, group_lives):
    slow_case(loaded)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    loaded.ui.runButton.click()
    wait_until(lambda: "Monte Carlo: batch" in loaded.ui.stageLabel.text, 90.0)
    process = loaded.job._run._process.pid
    started = time.monotonic()
    loaded.ui.runButton.click()
    assert not loaded.ui.runButton.enabled
    wait_until(lambda: loaded.job is None, 5.0)
    assert time.monotonic() - started < 2.0
    assert loaded.ui.stageLabel.text == "Cancelled."
    assert loaded.ui.runButton.text == "Run"
    assert loaded.ui.runButton.enabled
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert job_folders() == []
    assert not group_lives(process)


def test_cancel_while_volumes_are_copied(loaded, wait_until):
    loaded.ui.runButton.click()
    assert loaded.job._run is None
    loaded.ui.runButton.click()
    wait_until(lambda: loaded.job is None, 5.0)
    assert loaded.ui.stageLabel.text == "Cancelled."
    assert job_folders() == []


@pytest.mark.slow
def test_a_killed_worker(loaded, wait_until, caplog):
    slow_case(loaded)
    loaded.ui.runButton.click()
    os.kill(until_it_calculates(loaded, wait_until), signal.SIGKILL)
    wait_until(lambda: loaded.job is None, 5.0)
    assert "killed, possibly out of memory" in errors(caplog)[-1]
    assert loaded.ui.stageLabel.text.startswith(
        "The calculation was killed, possibly out of memory"
    )
    assert loaded.ui.runButton.enabled
    assert job_folders() == []
    assert parameters(loaded).dose is None


@pytest.mark.slow
def test_a_crash_of_the_worker(loaded, wait_until, caplog):
    slow_case(loaded)
    loaded.ui.runButton.click()
    os.kill(until_it_calculates(loaded, wait_until), signal.SIGABRT)
    wait_until(lambda: loaded.job is None, 5.0)
    assert "The calculation crashed (SIGABRT)" in errors(caplog)[-1]


def test_a_worker_that_cannot_start(loaded, wait_until, caplog, monkeypatch):
    monkeypatch.setenv("LUDOSIMETRY_PYTHON", "/no/such/python")
    run_to_the_end(loaded, wait_until)
    assert "could not be started with /no/such/python" in errors(caplog)[-1]
    assert job_folders() == []


@pytest.mark.slow
def test_the_scene_is_closed_while_it_runs(loaded, wait_until, group_lives):
    slow_case(loaded)
    loaded.ui.runButton.click()
    process = until_it_calculates(loaded, wait_until)
    started = time.monotonic()
    slicer.mrmlScene.Clear(0)
    assert time.monotonic() - started < 2.0
    assert loaded.job is None
    assert not group_lives(process)
    assert job_folders() == []
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0
    assert loaded.ui.runButton.text == "Run"
    assert not loaded.ui.runButton.enabled


@pytest.mark.slow
def test_slicer_ends_while_it_runs(loaded, wait_until, host, group_lives):
    slow_case(loaded)
    loaded.ui.runButton.click()
    process = until_it_calculates(loaded, wait_until)
    started = time.monotonic()
    host.loaded[-1].unload()
    host.loaded.clear()
    assert time.monotonic() - started < 2.0
    assert not group_lives(process)
    assert job_folders() == []


@pytest.mark.slow
def test_a_volume_is_deleted_while_it_runs(loaded, wait_until, caplog):
    loaded.ui.runButton.click()
    until_it_calculates(loaded, wait_until)
    slicer.mrmlScene.RemoveNode(parameters(loaded).timePoints[1].spect)
    wait_until(lambda: loaded.job is None, 300.0)
    assert errors(caplog)[-1] == (
        "SPECT 24 h was changed or removed during the calculation, so its result was not added to the scene; run it again."
    )
    assert parameters(loaded).dose is None
    assert job_folders() == []


@pytest.mark.slow
def test_a_volume_is_changed_while_it_runs(loaded, wait_until, caplog):
    loaded.ui.runButton.click()
    until_it_calculates(loaded, wait_until)
    spect = parameters(loaded).timePoints[0].spect
    slicer.util.arrayFromVolume(spect)[:] *= 2.0
    slicer.util.arrayFromVolumeModified(spect)
    wait_until(lambda: loaded.job is None, 300.0)
    assert "SPECT 4 h was changed or removed" in errors(caplog)[-1]


@pytest.mark.slow
def test_the_user_leaves_the_module_meanwhile(loaded, wait_until):
    shown = slicer.modules.ludosimetry.widgetRepresentation()
    loaded.ui.runButton.click()
    until_it_calculates(loaded, wait_until)
    shown.exit()
    wait_until(lambda: loaded.job is None, 300.0)
    assert parameters(loaded).dose is not None
    shown.enter()
    assert loaded.ui.organTableView.mrmlTableNode() is not None
    assert loaded.ui.runButton.enabled


def test_a_temporary_folder_that_cannot_be_written(loaded, wait_until, caplog, tmp_path):
    read_only = tmp_path / "file"
    read_only.write_text("", encoding="utf-8")
    slicer.app.temporaryPath = str(read_only)
    run_to_the_end(loaded, wait_until)
    assert f"The folder for temporary files {read_only} cannot be written" in errors(caplog)[-1]
    assert "choose another in Edit / Application Settings / Modules" in errors(caplog)[-1]
    assert loaded.ui.runButton.enabled


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_temporary_folder(loaded, wait_until, caplog, tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    slicer.app.temporaryPath = str(tmp_path)
    run_to_the_end(loaded, wait_until)
    assert "cannot be written (Permission denied)" in errors(caplog)[-1]
