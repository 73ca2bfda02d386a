"""Connection to a scheduler of dask.distributed."""

from importlib import import_module
from types import ModuleType
from typing import Any

from ..base.errors import InvalidInput

_PATIENCE_S = 30


def connected(address: str) -> Any:
    """
    Connect to a scheduler that has at least one worker.

    Parameters
    ----------
    address : str
        Address of the scheduler, for example ``tcp://host:8786``.

    Returns
    -------
    distributed.Client

    Raises
    ------
    InvalidInput
        If dask.distributed is missing, the scheduler does not answer, or it has no workers.
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


def _distributed() -> ModuleType:
    try:
        return import_module("distributed")
    except ImportError:
        raise InvalidInput(
            "a scheduler is given, but dask.distributed is not installed: run 'pip install distributed' "
            "(in Slicer: slicer.packaging.pip_install)."
        ) from None
