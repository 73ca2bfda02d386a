"""The ONNX form of a network: valid, of free sizes, with the module's weights and nothing by chance."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import onnx

from LuDosimetryLib.dose.residual.network import LinearNetwork, PaperNetwork
from LuDosimetryLib.lab.training.onnx_export import onnx_of


@pytest.fixture(params=["linear", "paper"])
def network(request, lively):
    kinds = {
        "linear": LinearNetwork(maps=3, activity_maps=4, levels=3),
        "paper": PaperNetwork(maps=3, levels=2),
    }
    return lively(kinds[request.param])


def test_a_valid_file_of_free_sizes(network):
    model = onnx.load_from_string(onnx_of(network))
    onnx.checker.check_model(model, full_check=True)
    for field, channels in zip((*model.graph.input, *model.graph.output), (2, 3, 1), strict=True):
        dims = field.type.tensor_type.shape.dim
        assert [d.dim_value for d in dims[:2]] == [1, channels]
        assert [d.dim_param for d in dims[2:]] == ["k", "j", "i"]


def test_all_weights_by_the_module_s_names(network):
    model = onnx.load_from_string(onnx_of(network))
    found = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    expected = {
        name: values.numpy()
        for name, values in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert {n for n in found if not n.startswith("constant.")} == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_the_same_weights_give_the_same_file(network):
    assert onnx_of(network) == onnx_of(network)


def test_another_module_is_refused():
    with pytest.raises(TypeError, match="Linear is no network of this project"):
        onnx_of(__import__("torch").nn.Linear(1, 1))
