"""ONNX Runtime: its threads end when they are told to, and its memory when there is no more."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.dose.residual import onnx_network
from LuDosimetryLib.dose.residual.channels import LINEAR_CHANNELS, TISSUE_CHANNELS
from LuDosimetryLib.dose.residual.model import CARD, Model, read_model
from LuDosimetryLib.dose.residual.onnx_network import OnnxNetwork

ROOT = Path(__file__).parents[3]


def fields(side):
    rng = np.random.default_rng(1)
    return [
        rng.random((1, channels, side, side, side), np.float32)
        for channels in (TISSUE_CHANNELS, LINEAR_CHANNELS)
    ]


def nothing():
    pass


@pytest.fixture
def network():
    resource(*CARD)
    return OnnxNetwork(read_model())


def test_a_cancelled_run_ends_within_two_seconds(network):
    """At 128 voxels a side, of which a whole run takes seconds."""
    inputs = fields(128)
    started = time.perf_counter()
    asked = []

    def stop():
        asked.append(time.perf_counter())
        if asked[-1] - started > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        network(*inputs, stop)
    assert time.perf_counter() - asked[-1] < 2.0
    assert len(asked) > 1
    assert not [t for t in threading.enumerate() if "ThreadPoolExecutor" in t.name]
    # it can be used again
    assert np.isfinite(network(*fields(16), nothing)).all()


def test_ctrl_c_ends_it_as_well(network):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network(*fields(96), interrupt)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited as on Linux")
def test_out_of_memory_is_an_error_of_its_kind():
    code = """
import resource
import numpy as np
from LuDosimetryLib.dose.residual.model import read_model
from LuDosimetryLib.dose.residual.onnx_network import OnnxNetwork
network = OnnxNetwork(read_model())
fields = [np.ones((1, n, 128, 128, 128), np.float32) for n in (2, 3)]
network(*(field[..., :8, :8, :8] for field in fields), lambda: None)
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 60_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    network(*fields, lambda: None)
except MemoryError:
    print("no memory")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "no memory\n", done.stderr


def test_what_onnx_runtime_cannot_read_is_refused():
    model = read_model()
    broken = Model(model.card, model.onnx[: len(model.onnx) // 2], model.graph)
    with pytest.raises(InvalidInput, match=r"residual\.onnx cannot be used by ONNX Runtime"):
        OnnxNetwork(broken)


def test_other_channels_are_refused(monkeypatch):
    monkeypatch.setattr(onnx_network, "LINEAR_CHANNELS", 6)
    with pytest.raises(InvalidInput, match=r"takes the channels .*'linear': 3"):
        OnnxNetwork(read_model())


def test_torch_is_not_imported_for_the_cpu():
    code = """
import sys
sys.modules["torch"] = None
import numpy as np
from LuDosimetryLib.dose.residual.model import read_model
from LuDosimetryLib.dose.residual.onnx_network import OnnxNetwork
fields = [np.ones((1, n, 8, 8, 8), np.float32) for n in (2, 3)]
print(OnnxNetwork(read_model())(*fields, lambda: None).shape)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "(1, 1, 8, 8, 8)\n"
