"""Connection to a scheduler of dask.distributed."""

import re
import socket
from importlib import import_module
from types import ModuleType
from typing import Any

from ..base.checks import shown
from ..base.errors import InvalidInput

_GREETS_WITHIN_S = 4
_ANSWERS_WITHIN_S = 6
_WORKERS_WITHIN_S = 30
_ADDRESS = re.compile(
    r"((?P<scheme>tcp|tls|ws|wss|ucx|ucxx)://)?(?P<host>[^\s/:]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})/?",
    re.ASCII,
)


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
    _check_answers(address)
    try:
        client: Any = distributed.Client(address, timeout=_ANSWERS_WITHIN_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InvalidInput(
            f"the scheduler {address!r} does not answer ({error}); start one with 'dask scheduler', or leave "
            "the scheduler out."
        ) from None
    try:
        client.wait_for_workers(1, timeout=_WORKERS_WITHIN_S)
    except TimeoutError:
        client.close()
        raise InvalidInput(
            f"the scheduler {address!r} has no workers; start some with 'dask worker {address} --nthreads 1'."
        ) from None
    return client


def _check_answers(address: str) -> None:
    """
    Refuse an address at which no scheduler answers, without the long patience of dask.

    A scheduler greets whoever connects; one with TLS waits for the other to begin.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise InvalidInput(
            f"the scheduler is {shown(address)}; expected its address, for example tcp://host:8786."
        )
    scheme, host, port = match["scheme"] or "tcp", match["host"].strip("[]"), int(match["port"])
    if scheme not in ("tcp", "tls"):
        return
    try:
        with socket.create_connection((host, port), timeout=_GREETS_WITHIN_S) as connection:
            if scheme == "tcp" and not connection.recv(1):
                raise OSError("it hangs up")
    except (OSError, OverflowError, UnicodeError) as error:
        reason = "it is silent" if isinstance(error, TimeoutError) else error
        raise InvalidInput(
            f"the scheduler {address!r} does not answer ({reason}); start one with 'dask scheduler', or leave "
            "the scheduler out."
        ) from None


def _distributed() -> ModuleType:
    try:
        return import_module("distributed")
    except ImportError:
        raise InvalidInput(
            "a scheduler is given, but dask.distributed is not installed: run 'pip install distributed' "
            "(in Slicer: slicer.packaging.pip_install)."
        ) from None
