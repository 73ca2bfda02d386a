"""What the probe of devices says, with real processes."""

import importlib.util
import sys
import time

import pytest

from LuDosimetryLib.jobs.device_probe import DeviceProbe
from LuDosimetryLib.jobs.runner import INTERPRETER_VARIABLE


def answered(probe: DeviceProbe) -> DeviceProbe:
    started = time.monotonic()
    while not probe.poll():
        assert time.monotonic() - started < 120.0
        time.sleep(0.05)
    return probe


@pytest.fixture
def python(monkeypatch, tmp_path):
    """A Python with a torch of its own."""

    def make(torch: str | None):
        if torch is not None:
            (tmp_path / "torch.py").write_text(torch, encoding="utf-8")
        script = tmp_path / "python"
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n', encoding="utf-8"
        )
        script.chmod(0o755)
        monkeypatch.setenv(INTERPRETER_VARIABLE, str(script))

    return make


def test_the_devices_that_torch_names(python):
    python(
        "__version__ = '2.9'\nclass cuda:\n"
        "    device_count = staticmethod(lambda: 2)\n"
        "    get_device_name = staticmethod(lambda n: 'Big GPU')\n"
    )
    probe = answered(DeviceProbe())
    assert (probe.torch, probe.cuda) == ("2.9", "Big GPU")


def test_torch_without_a_device(python):
    python("__version__ = '2.9'\nclass cuda:\n    device_count = staticmethod(lambda: 0)\n")
    probe = answered(DeviceProbe())
    assert (probe.torch, probe.cuda) == ("2.9", "")


def test_a_torch_that_cannot_be_loaded(python):
    python("raise ImportError('broken')")
    probe = answered(DeviceProbe())
    assert (probe.torch, probe.cuda) == ("", "")


def test_an_interpreter_that_is_not_there(monkeypatch):
    monkeypatch.setenv(INTERPRETER_VARIABLE, "/no/such/python")
    assert answered(DeviceProbe()).torch == ""


def test_nobody_waits_any_more(python):
    python("import time\ntime.sleep(100)")
    probe = DeviceProbe()
    assert not probe.poll()
    probe.stop()
    assert answered(probe).torch == ""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_the_torch_that_is_installed(monkeypatch):
    import torch

    monkeypatch.setenv(INTERPRETER_VARIABLE, sys.executable)
    probe = answered(DeviceProbe())
    assert probe.torch == torch.__version__
    assert bool(probe.cuda) == torch.cuda.is_available()
