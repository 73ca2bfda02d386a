"""The card and its weights: those, or none."""

import hashlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.dose.residual import model as model_module
from LuDosimetryLib.dose.residual.model import CARD, ModelCard, read_card, read_model, write_model
from LuDosimetryLib.dose.residual.network import LinearNetwork, PaperNetwork

SIZE = {"maps": 2, "activity_maps": 3, "levels": 2}
ROOT = Path(__file__).parents[3]


def card(**changes):
    return ModelCard(
        **{
            "name": "test",
            "weights": "residual.pt",
            "sha256": "",
            "architecture": "linear",
            "size": SIZE,
            "voxel_mm": 3.87,
            "bounds": (0.75, 1.3),
            "limits": ["none"],
            **changes,
        }
    )


@pytest.fixture
def written(tmp_path, lively):
    """Folder of a model."""
    write_model(lively(LinearNetwork(**SIZE)), card(), tmp_path)
    return tmp_path


def refusal(folder):
    with pytest.raises(InvalidInput) as caught:
        read_model(folder / CARD[-1])
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith("or choose the dose method multi-vsv, which needs no weights.")
    assert str(folder) in said
    return said


def rewrite(folder, content, **changes):
    """Weights of other content, with the hash of it in the card."""
    path = folder / CARD[-1]
    (folder / "residual.pt").write_bytes(content)
    held = json.loads(path.read_text(encoding="utf-8"))
    held |= {"sha256": hashlib.sha256(content).hexdigest(), **changes}
    path.write_text(json.dumps(held), encoding="utf-8")


def test_round_trip(tmp_path, lively):
    network = lively(LinearNetwork(**SIZE))
    made = write_model(network, card(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["residual.json", "residual.pt"]
    content = (tmp_path / "residual.pt").read_bytes()
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    model = read_model(tmp_path / CARD[-1])
    assert model.card == made == card(sha256=made.sha256)
    assert not model.network.training
    held, found = network.state_dict(), model.network.state_dict()
    assert held.keys() == found.keys()
    assert all(torch.equal(value, found[name]) for name, value in held.items())
    assert made.said == f"test sha256 {made.sha256}"


def test_other_weights_in_its_place_are_read_afresh(written, lively):
    path = written / CARD[-1]
    before = read_model(path)
    write_model(lively(LinearNetwork(**SIZE), seed=2), card(), written)
    after = read_model(path)
    assert after.card.sha256 != before.card.sha256
    assert not torch.equal(after.network.out.weight, before.network.out.weight)


def test_missing_weights(written):
    (written / "residual.pt").unlink()
    assert "residual.pt cannot be read (No such file" in refusal(written)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_truncated_weights(written, kept):
    path = written / "residual.pt"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert "are damaged or not those of residual.json" in refusal(written)


def test_a_changed_bit(written):
    path = written / "residual.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "SHA-256 is" in refusal(written)


def test_weights_of_another_network(written, tmp_path):
    write_model(PaperNetwork(maps=2, levels=2), card(), tmp_path / "other")
    rewrite(written, (tmp_path / "other" / "residual.pt").read_bytes())
    assert "do not fit 'linear'" in refusal(written)


@pytest.mark.parametrize(
    "content", [b"", b"no weights", pickle.dumps([1, 2], 2), pickle.dumps({"out.weight": 1}, 2)]
)
def test_foreign_files(written, content):
    rewrite(written, content)
    assert "do not fit 'linear'" in refusal(written)


class Hostile:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.write_text, (self.path, "code ran"))


def test_code_in_the_weights_never_runs(written, tmp_path):
    trace = tmp_path / "trace"
    poisoned = tmp_path / "poisoned.pt"
    torch.save({"out.weight": Hostile(trace)}, poisoned)
    torch.load(poisoned, weights_only=False)
    assert trace.read_text(encoding="utf-8") == "code ran"  # it is hostile
    trace.unlink()
    rewrite(written, poisoned.read_bytes())
    assert "do not fit 'linear'" in refusal(written)
    assert not trace.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "transformer"},
        {"architecture": ["linear"]},
        {"size": {"width": 9}},
        {"size": 4},
    ],
)
def test_a_network_that_there_is_not(written, changes):
    rewrite(written, (written / "residual.pt").read_bytes(), **changes)
    assert "do not fit" in refusal(written)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[1]",
        "{}",
        '{"schema": "ludosimetry-model/2"}',
        '{"schema": "ludosimetry-model/1"}',
        '{"schema": "ludosimetry-model/1", "bounds": [1], "weights": "residual.pt"}',
        '{"schema": "ludosimetry-model/1", "bounds": [0.75, 1.3], "weights": "../residual.pt"}',
        '{"schema": "ludosimetry-model/1", "bounds": [0.75, 1.3], "weights": 3}',
        '{"schema": "ludosimetry-model/1", "bounds": [0.7, 1], "weights": "a.pt", "more": 1}',
    ],
)
def test_what_is_no_card(written, text):
    (written / CARD[-1]).write_text(text, encoding="utf-8")
    assert "is no model card (" in refusal(written)


def test_no_card(tmp_path):
    assert "is no model card (" in refusal(tmp_path)


def test_an_installation_without_weights(monkeypatch):
    monkeypatch.setattr(model_module, "CARD", ("Models", "absent.json"))
    with pytest.raises(InvalidInput, match=r"Resources/Models/absent\.json, are missing; install"):
        read_model()


def test_a_card_is_read_without_torch(written):
    code = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path;"
        "from LuDosimetryLib.dose.residual.model import read_card;"
        f"print(read_card(Path({str(written / CARD[-1])!r})).name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "test\n"


class TestShipped:
    @pytest.fixture
    def path(self):
        try:
            return resource(*CARD)
        except FileNotFoundError:
            pytest.skip("no weights are shipped yet")

    def test_the_card_tells_what_a_user_must_know(self, path):
        shipped = read_card(path)
        assert shipped.voxel_mm == pytest.approx(3.87)
        low, high = shipped.bounds
        assert 0.5 <= low < 1.0 < high <= 1.5
        assert shipped.licence
        assert shipped.limits
        assert any("Cancer Imaging Archive" in text for text in shipped.credits)
        assert shipped.training["datasets"]
        # the labelled abdomen is the external test
        assert not any("abdomen" in name for name in shipped.training["datasets"])
        assert shipped.validation

    def test_the_weights_are_those_of_the_card_and_small(self, path):
        model = read_model()
        assert path.with_name(model.card.weights).stat().st_size < 8e6
        assert all(torch.isfinite(p).all() for p in model.network.parameters())
