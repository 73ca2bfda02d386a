"""``result.json`` is read by one reader, which refuses in a sentence what it cannot trust."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from LuDosimetryLib import Case, InvalidInput, run_case
from LuDosimetryLib.output.folder import Result
from LuDosimetryLib.output.summary import ForeignFile, read_summary


@pytest.fixture
def folder(case_folder, tmp_path):
    case_folder.change("options", "compare_with", to=["single-vsv"])
    run_case(Case.read(case_folder.file)).write(tmp_path / "result")
    return tmp_path / "result"


def content_of(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def test_it_is_typed(folder):
    summary = read_summary(folder)
    assert summary.methods == ["local", "single-vsv"]
    assert [summary.dose_key(method) for method in summary.methods] == ["dose", "dose_single-vsv"]
    assert [organ.name for organ in summary.organs] == ["kidney", "tumour", "lung"]
    assert summary.asked.nuclide == "Lu-177"
    assert [point.hours for point in summary.asked.time_points] == [4.0, 24.0, 96.0]
    assert [curve.name for curve in summary.curves] == ["kidney", "tumour", "lung"]
    assert summary.seconds == content_of(folder)["timing_s"]["total"]


@pytest.mark.slow
def test_places_of_warnings_that_there_are_not_are_refused(folder):
    content = content_of(folder)
    content["warnings"] = ["one"]
    content["warnings_of_vois"] = {"kidney": [0]}
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    assert read_summary(folder).warnings_of_vois == {"kidney": (0,)}
    content["warnings_of_vois"] = {"kidney": [1]}
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InvalidInput, match="has 1, but there are 1 warnings, counted from 0"):
        read_summary(folder)


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (None, InvalidInput, "holds no finished result"),
        (b"{", InvalidInput, "is damaged: it is not valid JSON"),
        (b"\xff", InvalidInput, "is damaged: it is not UTF-8 text"),
        (b"[" * 100_000, InvalidInput, "is damaged"),
        (b'{"a": 1, "a": 2}', InvalidInput, "the key 'a' occurs twice"),
        (b'{"a": NaN}', InvalidInput, "NaN is no number"),
        (b"[]", ForeignFile, "schema is None"),
        (b'{"schema": "ludosimetry-case/1"}', ForeignFile, "schema is 'ludosimetry-case/1'"),
        (b'{"schema": "ludosimetry-result/2"}', InvalidInput, "of a newer version of LuDosimetry"),
        (b'{"schema": "ludosimetry-result/1"}', InvalidInput, "status is missing"),
    ],
)
def test_files_that_are_no_result(tmp_path, content, kind, expected):
    if content is not None:
        (tmp_path / "result.json").write_bytes(content)
    with pytest.raises(kind) as caught:
        read_summary(tmp_path)
    assert expected in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["../dose.nrrd", "/etc/passwd", "a/b.nrrd", "..\\dose.nrrd", "C:dose.nrrd", "..", "", "a\x00b"],
)
def test_names_that_lead_out_of_the_folder(folder, name):
    for key in ("volumes", "registration"):
        content = content_of(folder)
        entry = {"hours": 4.0, "method": "rigid", "by": "CT", "transform": name}
        if key == "volumes":
            content["volumes"]["tia"] = name
        else:
            content["registration"] = [entry]
        (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(InvalidInput, match="must be the name of a file in the same folder"):
            read_summary(folder)


def test_a_link_that_leads_out_of_the_folder_is_not_read(folder, tmp_path):
    (folder / "tia.nrrd").rename(tmp_path / "tia.nrrd")
    (folder / "tia.nrrd").symlink_to(tmp_path / "tia.nrrd")
    with pytest.raises(InvalidInput, match="is a link that leads out of its folder"):
        Result.read(folder)


def paths_of(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for n, inner in enumerate(value[:3]):
            yield from paths_of(inner, (*path, n))


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**400, -1.0, 1e308, 1e-320, "", "\ud800", "a\nb", "dose", [], {}, [[]]]),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
GONE = object()


def refusal(folder) -> str:
    """Why a summary cannot be read; empty if it can, and its curves can be drawn."""
    try:
        for curve in read_summary(folder).curves:
            curve.sampled()
    except InvalidInput as error:
        return str(error)
    return ""


@pytest.mark.slow
def test_any_damage_is_one_sentence(folder, tmp_path_factory):
    """Values replaced and keys removed anywhere: read as before, or refused in a sentence."""
    whole = content_of(folder)
    whole["curves"] = whole["curves"][:1]
    whole["curves"][0] = {k: v for k, v in whole["curves"][0].items() if not k.startswith("fit_")}
    places = [path for path in paths_of(whole) if path]
    damaged = tmp_path_factory.mktemp("damaged")
    refused = []

    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.sampled_from(places), ODD | st.just(GONE))
    def check(path, value):
        content = copy.deepcopy(whole)
        inner = content
        for key in path[:-1]:
            inner = inner[key]
        if value is GONE:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        (damaged / "result.json").write_text(json.dumps(content), encoding="utf-8")
        message = refusal(damaged)
        if message:
            refused.append(path)
            assert "\n" not in message
            assert message.encode()
            assert str(damaged) in message

    check()
    assert len(refused) > 50
