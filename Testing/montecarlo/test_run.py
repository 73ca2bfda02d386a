"""Runs of batches: stopping, going on after a kill, cancelling, and errors that are right."""

from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.montecarlo.checkpoint import Checkpoint
from LuDosimetryLib.montecarlo.patient import Absorbed
from LuDosimetryLib.montecarlo.run import BATCH_DECAYS, FEWEST_BATCHES, Goal, Run, Task, ThisProcess
from LuDosimetryLib.montecarlo.statistics import BatchStatistics
from LuDosimetryLib.tissue.nuclide import read_nuclide

pytest.importorskip("ompmc")

DECAYS = 1000


@pytest.fixture
def task(patient):
    return Task(patient, read_nuclide("Lu-177"), 3, DECAYS)


@pytest.fixture
def run_of(task, regions, tmp_path):
    def make(batches, folder="checkpoint", **changes):
        changed = replace(task, **changes)
        reported = changed.patient.density_g_cm3 > 0.05
        checkpoint = Checkpoint(tmp_path / folder, changed.key(regions))
        return Run(changed, Goal(batches), regions, reported, checkpoint)

    return make


class StopsAfter(ThisProcess):
    """Ends as a killed process does: between two batches, without a word."""

    def __init__(self, batches):
        self.left = batches

    def batches(self, task, first, last, log):
        for batch in super().batches(task, first, last, log):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            yield batch


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_killed(run_of):
    whole = run_of(4, "whole").result(Log())
    killed = run_of(4)
    killed.workers = StopsAfter(2)
    with pytest.raises(KeyboardInterrupt):
        killed.result(Log())
    again = run_of(4)
    resumed = again.result(Log())
    assert again.resumed_batches == 2
    assert resumed.batches == 4
    # the engine's threads add up in any order
    np.testing.assert_allclose(resumed.total, whole.total, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(resumed.squares, whole.squares, rtol=1e-9, atol=1e-9)
    assert resumed.followed == whole.followed


def test_more_batches_go_on_from_fewer(run_of):
    run_of(2).result(Log())
    more = run_of(3)
    assert more.result(Log()).batches == 3
    assert more.resumed_batches == 2


@pytest.mark.parametrize("changes", [{"seed": 4}, {"decays": DECAYS + 1}])
def test_batches_of_another_run_are_not_used(run_of, changes):
    run_of(2).result(Log())
    other = run_of(2, **changes)
    other.result(Log())
    assert other.resumed_batches == 0


def test_the_key_knows_the_patient_and_the_regions(task, regions):
    patient = task.patient
    keys = {task.key(regions), task.key({}), task.key({"other": regions["lung"], **regions})}
    for name in ("density_g_cm3", "decays", "medium"):
        values = getattr(patient, name).copy()
        values[5, 5, 5] += 1
        keys.add(replace(task, patient=replace(patient, **{name: values})).key(regions))
    keys.add(replace(task, patient=replace(patient, voxel_cm=(0.5, 0.4, 0.46))).key(regions))
    assert len(keys) == 7
    assert task.key(regions) in keys


def test_cancelling_leaves_nothing(run_of, tmp_path):
    run = run_of(5)

    def stop(fraction, message):
        if fraction >= 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        run.result(Log(stop))
    assert not list(tmp_path.iterdir())


def test_progress_rises_to_the_end_and_says_how_long(run_of):
    seen = []
    run_of(3).result(Log(lambda fraction, message: seen.append((fraction, message))))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert seen[0][1] == "Monte Carlo: batch 1 of 3"
    assert "left" in seen[-1][1]


def test_decays_are_shared_among_batches():
    assert Goal.of(100_000_000, None, {}, 1.0) == (Goal(40), 2_500_000)
    goal, decays = Goal.of(999, None, {}, 1.0)
    assert goal.batches == FEWEST_BATCHES
    assert 999 <= goal.batches * decays < 999 + FEWEST_BATCHES
    big, small = np.ones((4, 4, 4), bool), np.zeros((4, 4, 4), bool)
    goal, decays = Goal.of(999, 0.5, {"big": big, "small": small}, 0.1)
    assert (goal.batches, goal.counting, decays) == (None, ("big",), BATCH_DECAYS)


def test_batches_needed_follow_from_the_errors():
    shape = (6, 6, 6)
    regions = {"all": np.ones(shape, bool)}
    done = BatchStatistics.none_of(shape, regions)

    for n in range(10):
        # all voxels of a batch are off together, by 10 %
        done.add(Absorbed(np.full(shape, 1.0 + 0.1 * (-1) ** n), {}), regions)
    density = np.ones(shape)
    error = 0.1 * np.sqrt(10 / 9) / np.sqrt(10)
    for percent in (1.0, 2.0):
        expected = 10 * (error / (0.01 * percent)) ** 2
        goal = Goal(None, percent, ("all",))
        assert goal.batches_needed(done, density) == pytest.approx(expected, abs=1.01)
    # without regions the voxels decide, whose target is four times as wide
    expected = 10 * (error / 0.02) ** 2
    assert Goal(None, 0.5).batches_needed(done, density) == pytest.approx(expected, abs=1.01)


@pytest.mark.slow
def test_a_target_is_reached(task, regions):
    reported = task.patient.density_g_cm3 > 0.05
    goal = Goal(None, 1.7, ("lung", "bone"))
    done = Run(task, goal, regions, reported, Checkpoint(None, "")).result(Log())
    assert done.batches > FEWEST_BATCHES
    assert all(done.relative_region_error(name) <= 0.017 for name in goal.counting)


@pytest.mark.slow
def test_standard_errors_are_those_of_repeated_runs(task, regions):
    """The scatter of 24 runs of other seeds is what each of them says of itself."""
    voxels, errors, sums, sum_errors = [], [], [], []
    for seed in range(24):
        repeated = replace(task, seed=seed)
        run = Run(repeated, Goal(8), regions, regions["lung"], Checkpoint(None, ""))
        done = run.result(Log())
        voxels.append(done.mean)
        errors.append(done.standard_error())
        sums.append([np.mean(v) for v in done.regions.values()])
        sum_errors.append(list(done.region_standard_errors().values()))
    hot = regions["hot soft"]
    ratio = (
        np.var(voxels, axis=0, ddof=1)[hot].mean() / np.mean(np.square(errors), axis=0)[hot].mean()
    )
    assert ratio == pytest.approx(1.0, abs=0.15)
    ratios = np.var(sums, axis=0, ddof=1) / np.mean(np.square(sum_errors), axis=0)
    # 23 degrees of freedom: a standard deviation of 0.3
    assert (np.abs(ratios - 1.0) < 1.0).all()
    assert ratios.mean() == pytest.approx(1.0, abs=0.45)
