"""JSON objects to dataclasses and back, by the types of the fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.case.json_fields import (
    LEFT_OUT_IF_NONE,
    NOT_IN_FILE,
    expecting,
    json_object,
    read_json,
    read_object,
)


@dataclass(frozen=True)
class Lens:
    focus: float
    remark: str | None = field(default=None, metadata=LEFT_OUT_IF_NONE)


@dataclass(frozen=True)
class Camera:
    file: Path
    lenses: tuple[Lens, ...]
    spare: Lens | None = None
    by_name: Mapping[str, Lens] = field(default_factory=dict, metadata=expecting("an object"))
    steps: tuple[tuple[float, float], ...] = field(default=(), metadata=expecting("a list"))
    read_at: float = field(default=0.0, metadata=NOT_IN_FILE)


DATA = {
    "file": "a.nrrd",
    "lenses": [{"focus": 1.5}, {"focus": 2, "remark": "scratched"}],
    "spare": {"focus": 3.0},
    "by_name": {"wide": {"focus": 0.5}},
    "steps": [[1, 2], [3, 4]],
}
CAMERA = Camera(
    Path("/data/a.nrrd"),
    (Lens(1.5), Lens(2, "scratched")),
    Lens(3.0),
    {"wide": Lens(0.5)},
    ((1, 2), (3, 4)),
)


def test_there_and_back():
    assert read_object(Camera, DATA, Path("/data")) == CAMERA
    assert json_object(CAMERA, lambda path: path.name) == DATA
    assert json_object(Camera(Path("b"), ()))["spare"] is None


def test_a_value_of_the_wanted_kind_is_taken_as_it_is():
    assert read_object(Camera, {"file": "b", "lenses": [CAMERA.lenses[0]]}).lenses == (Lens(1.5),)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fil": 1}, "the key 'fil' is unknown; did you mean 'file'?"),
        ({"read_at": 1.0}, "the key 'read_at' is unknown"),
        ({"file": 7}, "file is 7; it must be a text that is not empty."),
        ({"file": ""}, "file is ''"),
        ({"lenses": {}}, "lenses is {}; it must be a list."),
        ({"lenses": [1.5]}, "lenses[0]: this is 1.5; expected a JSON object."),
        ({"lenses": [{"focus": 1}, {}]}, "lenses[1]: the key 'focus' is missing."),
        ({"by_name": {"wide": {"focus": 1, "foccus": 2}}}, "by_name['wide']: the key 'foccus'"),
        ({"by_name": [1]}, "by_name is [1]; it must be an object."),
        ({"steps": 3}, "steps is 3; it must be a list."),
        ({"steps": [3]}, "steps[0] is 3; it must be a list."),
    ],
)
def test_refused(change, sentence):
    with pytest.raises(InvalidInput) as refused:
        read_object(Camera, DATA | change)
    assert sentence in str(refused.value)


def test_a_missing_key():
    with pytest.raises(InvalidInput, match="the key 'lenses' is missing"):
        read_object(Camera, {"file": "a"})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "the file x is not valid JSON: "),
        (b"\xff", "the file x is not UTF-8 text"),
        (b'{"a": {"b": 1, "b": 2}}', "the file x: the key 'b' occurs twice"),
        (b"[" * 100_000, "the file x is not valid JSON: "),
    ],
)
def test_text_that_is_no_json(content, sentence):
    with pytest.raises(InvalidInput) as refused:
        read_json(content, "the file x")
    assert sentence in str(refused.value)


def test_a_byte_order_mark():
    assert read_json(b'\xef\xbb\xbf{"a": [1, 2.5, null]}', "x") == {"a": [1, 2.5, None]}
