"""A network is written only if its file gives what the module gives."""

import hashlib

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from LuDosimetryLib.dose.residual.model import read_model
from LuDosimetryLib.dose.residual.network import LinearNetwork
from LuDosimetryLib.dose.residual.torch_network import module_of
from LuDosimetryLib.lab.training import model_folder
from LuDosimetryLib.lab.training.model_folder import write_model

from ...support.small_patients import SMALL, card_with


def test_round_trip(tmp_path, lively):
    network = lively(LinearNetwork(**SMALL))
    made = write_model(network, card_with(limits=["none"]), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["residual.json", "residual.onnx"]
    content = (tmp_path / "residual.onnx").read_bytes()
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    model = read_model(tmp_path)
    assert model.card == made == card_with(limits=["none"], sha256=made.sha256)
    assert made.identity == f"test sha256 {made.sha256}"
    expected, found = network.state_dict(), module_of(model).state_dict()
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


def test_other_weights_in_its_place_are_read_afresh(tmp_path, lively):
    write_model(lively(LinearNetwork(**SMALL)), card_with(), tmp_path)
    before = read_model(tmp_path)
    write_model(lively(LinearNetwork(**SMALL), seed=2), card_with(), tmp_path)
    after = read_model(tmp_path)
    assert after.card.sha256 != before.card.sha256
    assert not np.array_equal(after.graph.weights["out.weight"], before.graph.weights["out.weight"])


def test_weights_that_are_no_numbers(tmp_path, lively):
    network = lively(LinearNetwork(**SMALL))
    with torch.no_grad():
        network.out.weight[0, 0] = float("nan")
    with pytest.raises(ValueError, match=r"the weights 'out\.weight' are not all finite"):
        write_model(network, card_with(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_gives_another_residual_is_not_written(tmp_path, lively, monkeypatch):
    """As a defect of the export would: here, one of another network."""
    other = model_folder.onnx_of(lively(LinearNetwork(**SMALL), seed=2))
    monkeypatch.setattr(model_folder, "onnx_of", lambda network: other)
    with pytest.raises(RuntimeError, match="OnnxNetwork gives a residual that is"):
        write_model(lively(LinearNetwork(**SMALL)), card_with(), tmp_path)
    assert list(tmp_path.iterdir()) == []
