"""The network by torch: made again from its ONNX file, bit for bit."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.dose.residual.channels import LINEAR_CHANNELS, TISSUE_CHANNELS
from LuDosimetryLib.dose.residual.network import ARCHITECTURES, LinearNetwork, PaperNetwork
from LuDosimetryLib.dose.residual.torch_network import TorchNetwork, module_of
from LuDosimetryLib.lab.training.plan import TrainingPlan

from ...support.small_patients import SMALL, model_with


@pytest.mark.parametrize(
    ("name", "network", "size"),
    [
        ("linear", LinearNetwork(**SMALL), SMALL),
        ("linear", LinearNetwork(), {}),
        ("paper", PaperNetwork(maps=3, levels=4), {"maps": 3, "levels": 4}),
    ],
)
def test_made_again_it_has_every_weight(lively, name, network, size):
    model = model_with(lively(network), architecture=name, size=size)
    found = module_of(model)
    assert not found.training
    expected, weights = network.state_dict(), found.state_dict()
    assert weights.keys() == expected.keys()
    for key, values in expected.items():
        assert torch.equal(weights[key], values)


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "paper", "size": {"maps": 2}},
        {"size": {"maps": 3, "activity_maps": 3, "levels": 2}},
        {"size": {**SMALL, "levels": 3}},
        {"size": {"width": 9}},
    ],
)
def test_a_card_that_does_not_fit_the_weights(lively, changes):
    other = model_with(lively(LinearNetwork(**SMALL)))
    from dataclasses import replace

    with pytest.raises(InvalidInput, match=r"^the weights residual\.onnx do not fit the network"):
        module_of(replace(other, card=replace(other.card, **changes)))


def test_convolutions_keep_their_precision_on_gpus(lively):
    """TF32 would leave three digits of the residual; the setting of others is put back."""
    seen = []

    def note(*_):
        seen.append(torch.backends.cudnn.allow_tf32)

    module = lively(LinearNetwork(**SMALL))
    before = torch.backends.cudnn.allow_tf32
    fields = [np.ones((1, n, 4, 4, 4), np.float32) for n in (TISSUE_CHANNELS, LINEAR_CHANNELS)]
    TorchNetwork(module, "cpu")(*fields, note)
    assert seen
    assert not any(seen)
    assert torch.backends.cudnn.allow_tf32 == before


def test_the_shell_s_parser_knows_the_same_networks():
    for name in ARCHITECTURES:
        assert TrainingPlan(architecture=name).architecture == name
    with pytest.raises(InvalidInput, match=f"allowed: {', '.join(ARCHITECTURES)}"):
        TrainingPlan(architecture="transformer")
