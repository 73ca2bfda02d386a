"""Files of datasets: what is written is read, and nothing else is."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.lab.training.dataset import SCHEMA, read_dataset, read_datasets


def test_round_trip(dataset_of, tmp_path):
    dataset = dataset_of("patient7", cycle=3)
    path = dataset.write(tmp_path)
    assert path == tmp_path / "patient7-3.npz"
    assert list(tmp_path.iterdir()) == [path]
    found = read_dataset(path)
    for name in ("tia", "density", "reported", "dose", "standard_error"):
        before, after = getattr(dataset, name), getattr(found, name)
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, before)
    assert list(found.vois) == list(dataset.vois)
    for name, voi in dataset.vois.items():
        np.testing.assert_array_equal(found.vois[name], voi)
    assert found.grid == dataset.grid
    for name in ("patient", "cycle", "organ_standard_error_Gy", "nuclide", "how", "name"):
        assert getattr(found, name) == getattr(dataset, name)


def test_the_problem_is_that_of_the_dataset(dataset_of):
    dataset = dataset_of()
    problem = dataset.problem("cuda")
    assert problem.tia_MBq_h_mL is dataset.tia
    assert problem.density_g_cm3 is dataset.density
    assert problem.reported is dataset.reported
    assert problem.vois is dataset.vois
    assert (problem.device, problem.grid, problem.nuclide.name) == ("cuda", dataset.grid, "Lu-177")


def test_a_folder_is_read_in_order_of_names(dataset_of, tmp_path):
    for patient, cycle in (("b", 2), ("a", 1), ("b", 1)):
        dataset_of(patient, cycle).write(tmp_path)
    (tmp_path / ".c-1.unfinished").mkdir()
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    assert [d.name for d in read_datasets(tmp_path)] == ["a-1", "b-1", "b-2"]


@pytest.mark.parametrize("name", ["", "absent"])
def test_a_folder_without_datasets(tmp_path, name):
    with pytest.raises(InvalidInput, match=r"no datasets in .*'training-data'\.$"):
        read_datasets(tmp_path / name)


@pytest.fixture
def written(dataset_of, tmp_path):
    return dataset_of().write(tmp_path)


def refusal(path):
    with pytest.raises(InvalidInput) as caught:
        read_dataset(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.endswith("make it with 'training-data'.")
    assert "\n" not in said
    return said


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.3, 0.97, 0.9999])
def test_truncated(written, kept):
    content = written.read_bytes()
    written.write_bytes(content[: int(kept * len(content))])
    refusal(written)


@pytest.mark.parametrize("at", [0.1, 0.5, 0.8])
def test_flipped_bits(written, at):
    content = bytearray(written.read_bytes())
    place = int(at * len(content))
    content[place : place + 64] = bytes(b ^ 0xFF for b in content[place : place + 64])
    written.write_bytes(content)
    refusal(written)


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def said(text):
    return np.frombuffer(text.encode(), np.uint8)


def npy():
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a file of numpy",
        npy(),
        pickle.dumps({"tia": 1}),
        npz(tia=np.zeros((2, 2, 2))),
        npz(said=said("no JSON")),
        npz(said=said("[1, 2]")),
        npz(said=said(json.dumps({"schema": SCHEMA}))),
        npz(said=said(json.dumps({"schema": SCHEMA})), tia=np.zeros(4)),
        npz(said=np.array([{"an": "object"}], dtype=object)),
    ],
)
def test_foreign(tmp_path, content):
    path = tmp_path / "foreign-1.npz"
    path.write_bytes(content)
    refusal(path)


def test_missing(tmp_path):
    refusal(tmp_path / "absent.npz")


def changed(path, name, change):
    """Write the file with one of its arrays changed; without it if the change gives None."""
    with np.load(path) as held:
        arrays = dict(held)
    arrays[name] = change(arrays[name])
    path.write_bytes(npz(**{key: value for key, value in arrays.items() if value is not None}))


def test_another_version(written):
    def newer(array):
        return said(json.dumps({**json.loads(array.tobytes()), "schema": "ludosimetry-dataset/9"}))

    changed(written, "said", newer)
    assert "'ludosimetry-dataset/9', expected 'ludosimetry-dataset/1'" in refusal(written)


@pytest.mark.parametrize("name", ["dose", "voi_0", "said"])
def test_an_array_is_missing(written, name):
    changed(written, name, lambda array: None)
    refusal(written)


def test_arrays_of_different_shapes(written):
    changed(written, "dose", lambda array: array[1:])
    assert "shape" in refusal(written)


def test_the_file_is_a_plain_archive(written):
    with zipfile.ZipFile(written) as archive:
        assert archive.testzip() is None
        assert {"said.npy", "tia.npy", "voi_0.npy"} <= set(archive.namelist())
