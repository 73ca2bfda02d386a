"""What is read of an ONNX file agrees with the package onnx; what is more than a network is refused."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import onnx
from onnx import TensorProto, helper, numpy_helper

from LuDosimetryLib.dose.residual.network import LinearNetwork, PaperNetwork
from LuDosimetryLib.dose.residual.onnx_file import OPERATIONS, OPSET, read_graph
from LuDosimetryLib.lab.training.onnx_export import onnx_of

from ...support.small_patients import SMALL


@pytest.fixture
def content(lively):
    return onnx_of(lively(LinearNetwork(**SMALL)))


@pytest.mark.parametrize("network", [LinearNetwork(**SMALL), PaperNetwork(maps=2, levels=4)])
def test_the_package_onnx_reads_the_same(network, lively):
    content = onnx_of(lively(network))
    model = onnx.load_from_string(content)
    found = read_graph(content)
    assert found.depth == network.depth
    assert found.operations == tuple(node.op_type for node in model.graph.node)
    assert set(found.operations) <= OPERATIONS
    expected = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert found.weights.keys() == expected.keys()
    for name, values in expected.items():
        assert found.weights[name].dtype == values.dtype
        np.testing.assert_array_equal(found.weights[name], values)
    assert model.opset_import[0].version == OPSET


def changed(content, change):
    model = onnx.load_from_string(content)
    change(model)
    return model.SerializeToString()


def external_data(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"


def subgraph(model):
    branch = helper.make_graph([], "branch", [], [])
    model.graph.node[0].attribute.append(helper.make_attribute("then_branch", branch))


def function(model):
    opset = helper.make_opsetid("", OPSET)
    model.functions.append(helper.make_function("", "f", [], [], [], [opset]))


def operation(name, domain=""):
    def change(model):
        model.graph.node[3].op_type, model.graph.node[3].domain = name, domain

    return change


def of_another_maker(model):
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def newer(model):
    model.opset_import[0].version = OPSET + 1


def with_another_input(model):
    model.graph.input.append(helper.make_tensor_value_info("path", TensorProto.STRING, [1]))


def with_another_output(model):
    model.graph.output.append(helper.make_tensor_value_info("add_1", TensorProto.FLOAT, None))


def without_graph(model):
    model.ClearField("graph")


def tensor_of(values):
    def change(model):
        name = model.graph.initializer[0].name
        model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.array(values), name))

    return change


def shortened(model):
    tensor = model.graph.initializer[0]
    tensor.raw_data = tensor.raw_data[:-4]


def infinite(model):
    tensor = model.graph.initializer[0]
    values = numpy_helper.to_array(tensor).copy()
    values.flat[0] = np.inf
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (external_data, "the field 1[34] of a tensor is not allowed"),
        (subgraph, "the field 6 of a attribute is not allowed"),
        (function, "the field 25 of a model is not allowed"),
        (operation("If"), "it has the operation 'If'"),
        (operation("Loop"), "it has the operation 'Loop'"),
        (operation("Conv", "com.microsoft"), "it has the operation 'com.microsoft.Conv'"),
        (of_another_maker, "expected ONNX opset 17"),
        (newer, "expected ONNX opset 17"),
        (with_another_input, "its inputs and outputs are tissue, linear, path and residual,"),
        (with_another_output, "and residual, add_1, expected"),
        (without_graph, "it has no graph"),
        (tensor_of(["text"]), "(neither float32 nor int64|field 6 of a tensor is not allowed)"),
        (tensor_of([1.0]), "neither float32 nor int64"),
        (shortened, "are not complete"),
        (infinite, "are not all finite numbers"),
    ],
)
def test_more_than_a_network_is_refused(content, change, reason):
    read_graph(content)
    with pytest.raises(ValueError, match=reason):
        read_graph(changed(content, change))


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.999])
def test_truncated(content, kept):
    with pytest.raises(ValueError, match=r"no ONNX file|expected ONNX opset|no graph"):
        read_graph(content[: int(kept * len(content))])


@pytest.mark.parametrize(
    "foreign", [b"no network", b"\x80\x02c", bytes(1000), b"PK\x03\x04" + bytes(50), b"\xff" * 40]
)
def test_foreign_files(foreign):
    with pytest.raises(ValueError, match=r"no ONNX file|not allowed|expected ONNX opset"):
        read_graph(foreign)


def test_any_change_of_a_byte_is_refused_or_read_without_another_error(content):
    """The hash finds each; this is what would happen if it were made for the changed file."""
    rng = np.random.default_rng(3)
    for _ in range(400):
        damaged = bytearray(content)
        for at in rng.integers(0, len(content), 3):
            damaged[at] = rng.integers(256)
        try:
            read_graph(bytes(damaged))
        except ValueError:
            continue
