"""A trained network as the content of an ONNX file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper

from ...dose.residual.channels import (
    AT_TARGET,
    FROM_SOURCE,
    LINEAR_CHANNELS,
    TISSUE_CHANNELS,
)
from ...dose.residual.network import LinearNetwork, PaperNetwork
from ...dose.residual.onnx_file import INPUTS, OPSET, OUTPUT

__all__ = ["onnx_of"]

_IR_VERSION = 8
"""Version of the file format; ONNX Runtime has read it, and opset 17, since version 1.13."""
_SIDES = ("k", "j", "i")
"""Names of the axes of any length."""


def onnx_of(network: Any) -> bytes:
    """
    A network as the content of an ONNX file.

    The weights keep the names that the module has for them, so that the module can be made again
    from the file; sizes and axes stand beside them, named "constant." and so on.

    Parameters
    ----------
    network : LinearNetwork or PaperNetwork
        In evaluation mode; normalisation is by its statistics.
    """
    graph = _Graph(network)
    tissue, linear = INPUTS
    if isinstance(network, LinearNetwork):
        _linear(graph, network.depth, tissue, linear)
    elif isinstance(network, PaperNetwork):
        _paper(graph, network.depth, tissue, linear)
    else:
        raise TypeError(f"{type(network).__name__} is no network of this project")
    return graph.content()


class _Graph:
    """The nodes so far, and the weights."""

    def __init__(self, network: Any) -> None:
        self._values: dict[str, NDArray[Any]] = {
            name: value.detach().cpu().numpy() for name, value in network.state_dict().items()
        }
        self._used: dict[str, NDArray[Any]] = {}
        self._nodes: list[Any] = []

    def add(self, operation: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """The name of what an operation makes of its inputs."""
        output = output or f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [output], output, **attributes))
        return output

    def weights(self, *names: str) -> tuple[str, ...]:
        """Names of weights, which the file is to hold."""
        self._used |= {name: self._values[name] for name in names}
        return names

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """The name of sizes or axes, which the file is to hold."""
        self._used[f"constant.{name}"] = values
        return f"constant.{name}"

    def content(self) -> bytes:
        """The file."""
        channels = (TISSUE_CHANNELS, LINEAR_CHANNELS)
        inputs = [_field(name, n) for name, n in zip(INPUTS, channels, strict=True)]
        weights = [numpy_helper.from_array(values, name) for name, values in self._used.items()]
        graph = helper.make_graph(self._nodes, "residual", inputs, [_field(OUTPUT, 1)], weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(
            graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="LuDosimetry"
        )
        checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def _field(name: str, channels: int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, *_SIDES])


def _unet(graph: _Graph, levels: int, x: str) -> tuple[list[str], list[str]]:
    """Maps of the encoder, finest first, and of the decoder, finest first, as `UNet.forward`."""
    encoded: list[str] = []
    for level in range(levels):
        if level > 0:
            x = graph.add("MaxPool", x, kernel_shape=[2, 2, 2], strides=[2, 2, 2])
        x = _two_convolutions(graph, f"unet.down.{level}", x)
        encoded.append(x)
    decoded = [x]
    for level in reversed(range(levels - 1)):
        x = _convolution(graph, f"unet.rise.{level}", _doubled(graph, x))
        x = graph.add("Concat", x, encoded[level], axis=1)
        x = _two_convolutions(graph, f"unet.up.{level}", x)
        decoded.insert(0, x)
    return encoded, decoded


def _paper(graph: _Graph, levels: int, tissue: str, linear: str) -> None:
    """The residual, as `PaperNetwork.forward`."""
    _, decoded = _unet(graph, levels, graph.add("Concat", tissue, linear, axis=1))
    _convolution(graph, "out", decoded[0], side=1, output=OUTPUT)


def _linear(graph: _Graph, levels: int, tissue: str, linear: str) -> None:
    """The residual, as `LinearNetwork.forward`."""
    encoded, decoded = _unet(graph, levels, tissue)
    maps: list[str] = []
    a = linear
    for level in range(levels):
        if level > 0:
            a = graph.add("AveragePool", a, kernel_shape=[2, 2, 2], strides=[2, 2, 2])
        a = _steered(graph, f"down.{level}", a, encoded[level])
        maps.append(a)
    for level in reversed(range(levels - 1)):
        a = graph.add("Concat", _doubled(graph, a), maps[level], axis=1)
        a = _steered(graph, f"up.{level}", a, decoded[level])
    direct = graph.add("Mul", _convolution(graph, "direct", decoded[0], side=1), linear)
    residual = graph.add(
        "Add", _convolution(graph, "out", a, side=1, bias=False), _sum(graph, direct)
    )
    graph.add("Add", residual, _source_less_target(graph, linear), output=OUTPUT)


def _source_less_target(graph: _Graph, linear: str) -> str:
    source = _channel(graph, linear, "source", FROM_SOURCE)
    target = _channel(graph, linear, "target", AT_TARGET)
    return graph.add("Sub", source, target)


def _channel(graph: _Graph, x: str, name: str, number: int) -> str:
    ends = [
        graph.constant(f"{name}.{end}", np.array([value], np.int64))
        for end, value in (("start", number), ("stop", number + 1))
    ]
    return graph.add("Slice", x, *ends, _channel_axis(graph))


def _sum(graph: _Graph, x: str) -> str:
    return graph.add("ReduceSum", x, _channel_axis(graph), keepdims=1)


def _channel_axis(graph: _Graph) -> str:
    return graph.constant("channels", np.array([1], np.int64))


def _steered(graph: _Graph, name: str, activity: str, tissue: str) -> str:
    """Add the nodes of `_Steered.forward`."""
    before = _convolution(graph, f"{name}.before", tissue, side=1)
    a = graph.add("Mul", before, activity)
    a = _convolution(graph, f"{name}.convolution", a, bias=False)
    return graph.add("Mul", _convolution(graph, f"{name}.after", tissue, side=1), a)


def _two_convolutions(graph: _Graph, name: str, x: str) -> str:
    """Twice a convolution, normalised, and what is above zero of it."""
    for convolution in (0, 3):
        x = _convolution(graph, f"{name}.{convolution}", x, bias=False)
        parts = ("weight", "bias", "running_mean", "running_var")
        statistics = graph.weights(*(f"{name}.{convolution + 1}.{part}" for part in parts))
        # torch's epsilon, in single precision as the file holds it
        x = graph.add("BatchNormalization", x, *statistics, epsilon=1e-5)
        x = graph.add("Relu", x)
    return x


def _convolution(
    graph: _Graph, name: str, x: str, side: int = 3, bias: bool = True, output: str = ""
) -> str:
    weights = graph.weights(f"{name}.weight", *([f"{name}.bias"] if bias else []))
    return graph.add(
        "Conv",
        x,
        *weights,
        output=output,
        kernel_shape=[side] * 3,
        pads=[side // 2] * 6,
    )


def _doubled(graph: _Graph, x: str) -> str:
    """Each voxel as eight."""
    scales = graph.constant("doubled", np.array([1, 1, 2, 2, 2], np.float32))
    return graph.add(
        "Resize",
        x,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
