"""
ONNX files of networks, read without the package onnx: a plain graph with its weights, or refused.

ONNX is a protocol buffer. Of its messages, only the fields that a network of this project needs
are read; a file with any other is refused, so that it holds no subgraphs, no functions, no
operations of other makers and no paths of further files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["INPUTS", "OPSET", "OUTPUT", "OnnxGraph", "read_graph"]

INPUTS = ("tissue", "linear")
OUTPUT = "residual"
OPSET = 17
"""Version of the standard operations that the networks are written in."""

OPERATIONS = frozenset(
    {
        *("Add", "AveragePool", "BatchNormalization", "Concat", "Conv", "MaxPool", "Mul"),
        *("ReduceSum", "Relu", "Resize", "Slice", "Sub"),
    }
)
"""All that a network may calculate with."""

_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 7: np.dtype("<i8")}
_STANDARD = ("", "ai.onnx")

# field numbers of onnx.proto3 and, of those read, their names; others are refused
_MODEL = {1: "", 2: "", 3: "", 4: "", 5: "", 6: "", 7: "graph", 8: "opset_import", 14: ""}
_OPSET = {1: "domain", 2: "version"}
_GRAPH = {1: "node", 2: "", 5: "initializer", 10: "", 11: "input", 12: "output", 13: "", 16: ""}
_VALUE = {1: "name", 2: "", 3: "", 4: ""}
_NODE = {1: "", 2: "", 3: "", 4: "op_type", 5: "attribute", 6: "", 7: "domain", 9: ""}
_ATTRIBUTE = {1: "", 2: "", 3: "", 4: "", 7: "", 8: "", 13: "", 20: ""}
_TENSOR = {1: "dims", 2: "data_type", 8: "name", 9: "raw_data", 12: "", 16: ""}


Weights = NDArray[np.float32] | NDArray[np.int64]


@dataclass(frozen=True)
class OnnxGraph:
    """
    A network as its file holds it.

    Attributes
    ----------
    operations : tuple of str
        Kinds of its nodes, in order.
    weights : dict of str to ndarray
        By name: float32, and int64 where they are sizes or axes.
    """

    operations: tuple[str, ...]
    weights: dict[str, Weights]

    @property
    def depth(self) -> int:
        """Levels of its U-Net: one more than the times it halves the sides."""
        return 1 + self.operations.count("MaxPool")


def read_graph(content: bytes) -> OnnxGraph:
    """
    Read a network.

    Parameters
    ----------
    content : bytes
        Content of the file.

    Raises
    ------
    ValueError
        If it is no ONNX file, or holds more than a network of this project may.
    """
    model = _Message(memoryview(content), _MODEL, "model")
    opsets = [_Message(part, _OPSET, "opset") for part in model.parts("opset_import")]
    versions = [(opset.text("domain"), opset.number("version")) for opset in opsets]
    if versions not in [[(domain, OPSET)] for domain in _STANDARD]:
        raise ValueError(f"its operations are those of {versions}, expected ONNX opset {OPSET}")
    if len(model.parts("graph")) != 1:
        raise ValueError("it has no graph")
    graph = _Message(model.parts("graph")[0], _GRAPH, "graph")
    weights = dict(_tensor(part) for part in graph.parts("initializer"))
    inputs = tuple(_Message(p, _VALUE, "input").text("name") for p in graph.parts("input"))
    outputs = tuple(_Message(p, _VALUE, "output").text("name") for p in graph.parts("output"))
    if (inputs, outputs) != (INPUTS, (OUTPUT,)):
        raise ValueError(
            f"its inputs and outputs are {', '.join(inputs)} and {', '.join(outputs)}, expected {', '.join(INPUTS)} and "
            f"{OUTPUT}"
        )
    return OnnxGraph(tuple(_operation(part) for part in graph.parts("node")), weights)


def _operation(part: memoryview) -> str:
    node = _Message(part, _NODE, "node")
    for attribute in node.parts("attribute"):
        _Message(attribute, _ATTRIBUTE, "attribute")
    name, domain = node.text("op_type"), node.text("domain")
    if domain not in _STANDARD or name not in OPERATIONS:
        raise ValueError(f"it has the operation {f'{domain}.{name}'.strip('.')!r}")
    return name


def _tensor(part: memoryview) -> tuple[str, Weights]:
    tensor = _Message(part, _TENSOR, "tensor")
    name = tensor.text("name")
    dtype = _TYPES.get(tensor.number("data_type"))
    if dtype is None:
        raise ValueError(f"the weights {name!r} are neither float32 nor int64")
    data, shape = b"".join(tensor.parts("raw_data")), tensor.numbers("dims")
    if len(data) != prod(shape) * dtype.itemsize:
        raise ValueError(f"the weights {name!r} are not complete")
    values = np.frombuffer(data, dtype).reshape(shape)
    if not np.isfinite(values).all():
        raise ValueError(f"the weights {name!r} are not all finite numbers")
    return name, values


class _Message:
    """
    The fields of a message, by name.

    Parameters
    ----------
    data : memoryview
    known : dict of int to str
        Names of the fields that it may have by their numbers; one without a name is skipped.
    what : str
        Kind of the message, for error messages.
    """

    def __init__(self, data: memoryview, known: dict[int, str], what: str) -> None:
        self._what = what
        self._values: dict[str, list[int | memoryview]] = {name: [] for name in known.values()}
        for number, value in _fields(data):
            if number not in known:
                raise ValueError(f"the field {number} of a {what} is not allowed")
            self._values[known[number]].append(value)

    def parts(self, name: str) -> list[memoryview]:
        """All values of a field of messages, texts or bytes."""
        parts = [value for value in self._values[name] if not isinstance(value, int)]
        if len(parts) < len(self._values[name]):
            raise ValueError(f"it is no ONNX file: the field {name} of a {self._what} is a number")
        return parts

    def text(self, name: str) -> str:
        """The last value of a field of text; empty without one."""
        return "".join(str(bytes(part), "utf-8") for part in self.parts(name)[-1:])

    def number(self, name: str) -> int:
        """The last value of a field of whole numbers; 0 without one."""
        return (self.numbers(name) or [0])[-1]

    def numbers(self, name: str) -> list[int]:
        """All values of a field of whole numbers, which stand one by one or packed together."""
        numbers: list[int] = []
        for value in self._values[name]:
            if isinstance(value, int):
                numbers.append(value)
                continue
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                numbers.append(number)
        return numbers


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Numbers and values of a message's fields: numbers as such, all else as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        value: int | memoryview
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            length, at = _varint(data, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"it is no ONNX file: a field of kind {kind}")
        if at + length > len(data):
            raise ValueError("it is no ONNX file, or not complete")
        value, at = data[at : at + length], at + length
        yield number, value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A whole number, seven bits a byte, and where the next field begins."""
    number = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            raise ValueError("it is no ONNX file, or not complete")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise ValueError("it is no ONNX file: a number without end")
