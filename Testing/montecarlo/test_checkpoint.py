"""Finished batches on disk."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.montecarlo.checkpoint import Checkpoint
from LuDosimetryLib.montecarlo.statistics import BatchStatistics


@pytest.fixture
def done():
    rng = np.random.default_rng(7)
    return BatchStatistics(
        rng.random((2, 3, 4)),
        rng.random((2, 3, 4)),
        {"liver": [1.0, 2.5], "Ø": [0.1, 1 / 3]},
        {"electron": 7, "photon": 3},
        2,
    )


def test_what_was_saved_comes_back_to_the_bit(tmp_path, done):
    Checkpoint(tmp_path / "deep" / "run", "key").save(done)
    back = Checkpoint(tmp_path / "deep" / "run", "key").load()
    assert back.total.tobytes() == done.total.tobytes()
    assert back.squares.tobytes() == done.squares.tobytes()
    assert (back.regions, back.followed, back.batches) == (done.regions, done.followed, 2)


def test_without_regions(tmp_path, done):
    done.regions = {}
    Checkpoint(tmp_path, "key").save(done)
    assert Checkpoint(tmp_path, "key").load().regions == {}


def test_another_problem_is_never_used(tmp_path, done):
    Checkpoint(tmp_path, "key").save(done)
    assert Checkpoint(tmp_path, "other").load() is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x80\x04nonsense"])
def test_what_cannot_be_read_is_not_used(tmp_path, content):
    (tmp_path / "batches.npz").write_bytes(content)
    assert Checkpoint(tmp_path, "key").load() is None


def test_discard_leaves_what_was_there_before(tmp_path, done):
    run = Checkpoint(tmp_path / "deep" / "run", "key")
    run.save(done)
    run.discard()
    assert not list(tmp_path.iterdir())


def test_without_a_folder_nothing_is_kept(done):
    run = Checkpoint(None, "key")
    run.save(done)
    assert run.load() is None
    run.discard()


def test_what_cannot_be_written_is_one_sentence(tmp_path, done):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        InvalidInput, match=r"checkpoint .* cannot be written to .*file.*; make room"
    ):
        Checkpoint(tmp_path / "file" / "run", "key").save(done)
