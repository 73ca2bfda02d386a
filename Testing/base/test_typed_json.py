"""JSON read into typed data."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from LuDosimetryLib import InvalidInput
from LuDosimetryLib.base.typed_json import read_as


@dataclass(frozen=True)
class Inner:
    count: int = 0
    flag: bool = False


@dataclass(frozen=True)
class Outer:
    name: str
    value: float
    pair: tuple[float, float] = (0.0, 0.0)
    inner: tuple[Inner, ...] = ()
    by_name: dict[str, float | None] = field(default_factory=dict)
    anything: Any = None


def test_a_whole_object():
    data = {
        "name": "a",
        "value": 3,
        "pair": [1, 2.5],
        "inner": [{"count": 2}, {"flag": True}],
        "by_name": {"x": None, "y": 1},
        "anything": [{}],
        "of a later version": 1,
    }
    expected = Outer("a", 3.0, (1.0, 2.5), (Inner(2), Inner(0, True)), {"x": None, "y": 1.0}, [{}])
    assert read_as(Outer, data, "") == expected
    assert isinstance(read_as(Outer, data, "").value, float)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": 1}, "name is 1; it must be a text."),
        ({"name": "\ud800"}, r"name is '\ud800', which is no valid Unicode text."),
        ({"value": True}, "value is True; it must be a finite number."),
        ({"value": 10**400}, "it must be a finite number."),
        ({"value": float("nan")}, "value is nan; it must be a finite number."),
        ({"pair": [1]}, "pair has 1 entries; it must have 2."),
        ({"inner": [{}, 3]}, "inner[1] is 3; it must be a JSON object."),
        ({"inner": [{"count": 1.5}]}, "inner[0].count is 1.5; it must be a whole number."),
        ({"inner": [{"count": True}]}, "inner[0].count is True; it must be a whole number."),
        ({"inner": [{"flag": 1}]}, "inner[0].flag is 1; it must be true or false."),
        ({"inner": {}}, "inner is {}; it must be a list."),
        ({"by_name": {"a\nb": "c"}}, r"by_name['a\nb'] is 'c'; it must be a finite number."),
    ],
)
def test_what_is_not_of_the_type(change, said):
    with pytest.raises(InvalidInput) as caught:
        read_as(Outer, {"name": "a", "value": 1.0, **change}, "")
    assert said in str(caught.value)
    str(caught.value).encode()


def test_what_is_missing():
    with pytest.raises(InvalidInput, match=r"^case\.value is missing\.$"):
        read_as(Outer, {"name": "a"}, "case")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*Outer.__dataclass_fields__, "other"]), JSON))
def test_anything_is_read_or_refused_in_one_sentence(data):
    said = ""
    try:
        read_as(Outer, data, "")
    except InvalidInput as error:
        said = str(error)
    assert "\n" not in said
    assert said.encode() or not said
