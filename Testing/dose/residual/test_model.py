"""The card and its weights: those, or none."""

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.dose.residual import model as model_module
from LuDosimetryLib.dose.residual.model import (
    CARD,
    SCHEMA,
    WEIGHTS,
    card_file,
    kernels_sha256,
    read_card,
    read_model,
)

ROOT = Path(__file__).parents[3]
FIELDS = {
    "schema": SCHEMA,
    "name": "a",
    "weights": WEIGHTS,
    "sha256": "0",
    "architecture": "linear",
    "size": {},
    "voxel_mm": 3.87,
    "bounds": [0.75, 1.3],
    "nuclide": "Lu-177",
    "media": 20,
    "kernels_sha256": "0",
}


@pytest.fixture
def written(tmp_path):
    """Folder of a model: a copy of the shipped one."""
    shutil.copytree(resource(*CARD).parent, tmp_path / "model")
    return tmp_path / "model"


def refusal(path):
    with pytest.raises(InvalidInput) as caught:
        read_model(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(
        "give the folder, the card or the ONNX file that 'train' or 'release' wrote, or choose the dose method photon-transport, "
        "which needs no network."
    )
    assert str(path) in message
    return message


def rewrite(folder, content, **changes):
    """Weights of other content, with the hash of it in the card."""
    path = folder / CARD[-1]
    (folder / WEIGHTS).write_bytes(content)
    card = json.loads(path.read_text(encoding="utf-8"))
    card |= {"sha256": hashlib.sha256(content).hexdigest(), **changes}
    path.write_text(json.dumps(card), encoding="utf-8")


@pytest.mark.parametrize("name", ["", CARD[-1], WEIGHTS])
def test_by_folder_card_or_weights(written, name):
    path = written / name if name else written
    assert card_file(path) == written / CARD[-1]
    assert read_model(path).card == read_card()


@pytest.mark.parametrize("name", ["nowhere", "nowhere.json", "nowhere.onnx", "."])
def test_nothing_there(tmp_path, name):
    assert f"there is no network at {tmp_path / name}: its card" in refusal(tmp_path / name)


def test_missing_weights(written):
    (written / WEIGHTS).unlink()
    assert "residual.onnx cannot be read (No such file" in refusal(written)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_truncated_weights(written, kept):
    path = written / WEIGHTS
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert "are damaged or not those of residual.json" in refusal(written)
    rewrite(written, path.read_bytes())
    assert "is no network of this project: it" in refusal(written)


def test_a_changed_bit(written):
    path = written / WEIGHTS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "SHA-256 is" in refusal(written)


@pytest.mark.parametrize("content", [b"no weights", pickle.dumps([1, 2], 2), b"PK\x03\x04zip"])
def test_foreign_files(written, content):
    rewrite(written, content)
    assert "is no network of this project: " in refusal(written)


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[1]", "{}", '{"schema": "ludosimetry-model/1"}', "3"]
)
def test_what_is_no_card(written, text):
    (written / CARD[-1]).write_text(text, encoding="utf-8")
    assert "is no model card (" in refusal(written)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bounds": [1]}, "not enough values"),
        ({"bounds": [1.3, 0.75]}, "bounds is 0.75; it must be a number above 1.3"),
        ({"bounds": [0.75, float("inf")]}, "bounds is inf; it must be a number"),
        ({"bounds": None}, "cannot unpack"),
        (
            {"weights": "../residual.onnx"},
            "weights is '../residual.onnx'; it must be the name of an ONNX file",
        ),
        (
            {"weights": "residual.pt"},
            "weights is 'residual.pt'; it must be the name of an ONNX file",
        ),
        ({"weights": 3}, "weights is 3; it must be a text"),
        ({"architecture": "transformer"}, "architecture is 'transformer'; allowed: linear, paper"),
        ({"architecture": ["linear"]}, "architecture is ['linear']"),
        ({"size": 4}, "'int' object has no attribute 'items'"),
        ({"size": {"maps": 0}}, "size maps is 0"),
        ({"voxel_mm": -1}, "voxel_mm is -1; it must be a number above 0"),
        ({"voxel_mm": "4"}, "voxel_mm is '4'"),
        ({"nuclide": ""}, "nuclide is ''"),
        ({"media": 0}, "media is 0"),
        ({"kernels_sha256": None}, "kernels_sha256 is None"),
        ({"more": 1}, "the key 'more' is unknown"),
    ],
)
def test_what_a_card_may_not_say(written, changes, reason):
    (written / CARD[-1]).write_text(json.dumps(FIELDS), encoding="utf-8")
    assert read_card(written).name == "a"
    (written / CARD[-1]).write_text(json.dumps({**FIELDS, **changes}), encoding="utf-8")
    assert f"is no model card ({reason}" in refusal(written)


@pytest.mark.parametrize("missing", [key for key in FIELDS if key != "schema"])
def test_what_a_card_must_say(written, missing):
    card = {key: value for key, value in FIELDS.items() if key != missing}
    (written / CARD[-1]).write_text(json.dumps(card), encoding="utf-8")
    assert missing in refusal(written)


def test_an_installation_without_weights(monkeypatch):
    monkeypatch.setattr(model_module, "CARD", ("Models", "absent.json"))
    with pytest.raises(
        InvalidInput, match=r"Resources/Models/absent\.json, is missing from this installation; in"
    ):
        read_model()


def test_a_card_is_read_without_torch_onnx_and_onnxruntime(written):
    code = (
        "import sys; sys.modules |= dict.fromkeys(('torch', 'onnx', 'onnxruntime'));"
        "from pathlib import Path; from LuDosimetryLib.dose.residual.model import read_model;"
        f"print(read_model(Path({str(written)!r})).graph.depth)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "3\n"


class TestShipped:
    def test_the_card_says_what_a_user_must_know(self):
        shipped = read_card()
        assert shipped.voxel_mm == pytest.approx(3.87)
        low, high = shipped.bounds
        assert 0.5 <= low < 1.0 < high <= 1.5
        assert shipped.licence == "Apache-2.0"
        assert shipped.linear
        assert shipped.limits
        assert any("Cancer Imaging Archive" in text for text in shipped.credits)
        trained = {record["name"] for record in shipped.training["datasets"]}
        assert trained
        # the labelled abdomen is the external test
        assert not any("abdomen" in name for name in trained)
        assert shipped.validation

    def test_it_was_trained_with_the_kernels_that_are_shipped(self):
        assert read_card().kernels_sha256 == kernels_sha256("Lu-177")

    def test_the_weights_are_those_of_the_card_and_small(self):
        model = read_model()
        assert resource(CARD[0], model.card.weights).stat().st_size < 8e6
        floats = [values for values in model.graph.weights.values() if values.dtype == np.float32]
        # 122 478 weights of the module beside its counters, and five scales of the up-sampling
        assert sum(values.size for values in floats) == 122_010 + 5
        assert {path.name for path in resource(*CARD).parent.iterdir()} == {
            *("README.md", "residual.json", "residual.onnx")
        }
