"""Schedulers of dask.distributed: one that runs somewhere, or one on this machine."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from ..base.errors import InvalidInput

_PATIENCE_S = 30


def has_distributed() -> bool:
    """Whether dask.distributed can be loaded."""
    try:
        import_module("distributed")
    except ImportError:
        return False
    return True


def connected(address: str) -> Any:
    """
    A client of a scheduler that has at least one worker.

    Parameters
    ----------
    address : str
        Of the scheduler, for example ``tcp://host:8786``.

    Returns
    -------
    distributed.Client

    Raises
    ------
    InvalidInput
        If dask.distributed is missing, nobody answers, or there is no worker.
    """
    distributed = _distributed()
    try:
        client: Any = distributed.Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InvalidInput(
            f"the scheduler {address!r} does not answer ({error}); start one with 'dask scheduler', or leave "
            "the scheduler out."
        ) from None
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
    except TimeoutError:
        client.close()
        raise InvalidInput(
            f"the scheduler {address!r} has no workers; start some with 'dask worker {address} --nthreads 1'."
        ) from None
    return client


@contextmanager
def on_this_machine(workers: int) -> Iterator[Any]:
    """
    A client of a scheduler with processes of this machine, which end with the block.

    A process that ends by itself, out of memory for example, is replaced, and what it calculated
    is not tried again.

    Parameters
    ----------
    workers : int
        Processes with one thread each.
    """
    distributed = _distributed()
    settings = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.worker.preload": [__name__],
        "distributed.worker.daemon": False,  # calculations may start processes of their own
    }
    with (
        import_module("dask").config.set(settings),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address="127.0.0.1:0",  # else it looks for port 8787, and tells if that is taken
            silence_logs="CRITICAL",
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def dask_setup(worker: Any) -> None:
    """
    What processes of this machine do first (a preload of dask.distributed).

    Ctrl-C reaches every process of a terminal; who started this one sees to its end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _distributed() -> ModuleType:
    try:
        return import_module("distributed")
    except ImportError:
        raise InvalidInput(
            "a scheduler is given, but dask.distributed is not installed: run 'pip install distributed' "
            "(in Slicer: slicer.packaging.pip_install)."
        ) from None
