"""Batches on the workers of a dask.distributed scheduler."""

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from ..base.errors import InvalidInput
from ..base.log import Log
from ..jobs.scheduler import connected
from .engine import engine_version
from .patient import Absorbed
from .run import Task

_LOOK_EVERY_S = 0.1
_AHEAD = 2
"""Batches submitted per worker, so that none waits for the next."""


class Cluster:
    """
    Workers of a scheduler.

    A batch is the same wherever it is calculated, and batches are yielded in order, so the numbers
    do not depend on the number of workers.

    Parameters
    ----------
    address : str
        Address of the scheduler, for example ``tcp://host:8786``.

    Raises
    ------
    InvalidInput
        If dask.distributed is missing, the scheduler does not answer, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = connected(address)

    def batches(self, task: Task, first: int, last: int | None, log: Log) -> Iterator[Absorbed]:
        """See `Workers`."""
        under_way: deque[Any] = deque()
        number = first
        try:
            shared = self._client.scatter(task, broadcast=True, hash=False)
            while True:
                room = _AHEAD * max(1, len(self._client.nthreads()))
                while len(under_way) < room and (last is None or number <= last):
                    under_way.append(self._client.submit(_one_batch, shared, number, pure=False))
                    number += 1
                if not under_way:
                    return
                yield self._received(under_way[0], log)
                under_way.popleft()
        finally:
            self._client.cancel(list(under_way))
            self.close()

    def close(self) -> None:
        """Disconnect from the scheduler, which goes on running with its workers."""
        self._client.close()

    def _received(self, future: Any, log: Log) -> Absorbed:
        while not future.done():
            log.at(0.0)
            time.sleep(_LOOK_EVERY_S)
        try:
            engine, absorbed = future.result()
        except InvalidInput:
            raise
        except Exception as error:
            raise InvalidInput(
                f"a worker of the scheduler {self._address!r} failed ({type(error).__name__}: {error}); it needs "
                "the same LuDosimetry and ompmc as here, and as much memory."
            ) from None
        if engine != engine_version():
            raise InvalidInput(
                f"a worker of the scheduler {self._address!r} has {engine}, but here is {engine_version()}; "
                "install the same version."
            )
        return absorbed  # type: ignore[no-any-return]


def _one_batch(task: Task, number: int) -> tuple[str, Absorbed]:
    return engine_version(), task.batch(number)
