"""Batches on the workers of a scheduler."""

import sys

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.jobs import scheduler as schedulers
from LuDosimetryLib.montecarlo.checkpoint import Checkpoint
from LuDosimetryLib.montecarlo.cluster import Cluster
from LuDosimetryLib.montecarlo.run import Goal, Run, Task, ThisProcess
from LuDosimetryLib.tissue.nuclide import read_nuclide

pytest.importorskip("ompmc")


def run_on(workers, patient, regions, goal=None):
    task = Task(patient, read_nuclide("Lu-177"), 3, 2000)
    tissue = patient.density_g_cm3 > 0.05
    return Run(task, goal or Goal(6), regions, tissue, Checkpoint(None, ""), workers)


def test_without_dask_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InvalidInput, match=r"not installed: run 'pip install distributed'"):
        Cluster("tcp://127.0.0.1:1")


@pytest.mark.slow
def test_nobody_there():
    pytest.importorskip("distributed")
    with pytest.raises(InvalidInput, match=r"'tcp://127.0.0.1:1' does not answer"):
        Cluster("tcp://127.0.0.1:1")
    with pytest.raises(InvalidInput, match=r"expected its address, for example"):
        Cluster("no address at all")


@pytest.fixture
def scheduler():
    distributed = pytest.importorskip("distributed")

    def start(workers):
        options = {"threads_per_worker": 1, "dashboard_address": None, "processes": True}
        try:
            started = distributed.LocalCluster(n_workers=workers, **options)
        except AssertionError:  # its thread has ten seconds to start; a busy machine may take more
            started = distributed.LocalCluster(n_workers=workers, **options)
        running.append(started)
        return started.scheduler_address

    running = []
    yield start
    for one in running:
        one.close()


@pytest.mark.slow
def test_numbers_do_not_depend_on_the_workers(scheduler, patient, regions):
    here = run_on(ThisProcess(), patient, regions).result(Log())
    for number in (1, 3):
        there = run_on(Cluster(scheduler(number)), patient, regions).result(Log())
        assert there.batches == here.batches
        assert there.followed == here.followed
        np.testing.assert_allclose(there.total, here.total, rtol=1e-9, atol=1e-9)
        for name, values in here.regions.items():
            np.testing.assert_allclose(there.regions[name], values, rtol=1e-9)


@pytest.mark.slow
def test_a_target_and_a_cancel_on_workers(scheduler, patient, regions):
    address = scheduler(2)
    goal = Goal(None, 3.0, ("bone",))
    here, there = (run_on(w, patient, regions, goal) for w in (ThisProcess(), Cluster(address)))
    assert there.result(Log()).batches == here.result(Log()).batches

    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_on(Cluster(address), patient, regions).result(Log(stop))


@pytest.mark.slow
def test_a_scheduler_without_workers(scheduler, monkeypatch):
    monkeypatch.setattr(schedulers, "_WORKERS_WITHIN_S", 2)
    with pytest.raises(InvalidInput, match=r"has no workers; start some with 'dask worker tcp"):
        Cluster(scheduler(0))
