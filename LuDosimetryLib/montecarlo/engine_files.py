"""Temporary files for the engine, which reads by name only; nothing of them stays behind."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.storage import lock

_PREFIX = ".ludosimetry-engine-"
_ABANDONED_S = 60.0
"""Age from which a folder that nobody has locked is that of a killed process."""


class EngineFiles:
    """
    Files of one run of the engine in a temporary folder.

    The engine opens them when it starts. Once it has, `remove` takes their names away, so that a
    process that is killed later leaves nothing; what one leaves that is killed before that, in the
    first fraction of a second, is removed by the next run.

    Parameters
    ----------
    folder : TemporaryDirectory
    """

    def __init__(self, folder: "tempfile.TemporaryDirectory[str]") -> None:
        self._folder = folder
        self._removed = False

    def path(self, name: str) -> Path:
        """Path of a file, whether or not it exists."""
        return Path(self._folder.name) / name

    def remove(self) -> None:
        """Remove the files; where files in use cannot be removed (Windows), they go afterwards."""
        if not self._removed:
            self._removed = True
            self._folder.cleanup()


@contextmanager
def engine_files(contents: Mapping[str, bytes | memoryview]) -> Iterator[EngineFiles]:
    """
    Write files that exist at most as long as the block runs.

    Parameters
    ----------
    contents : mapping of str to bytes
        Content of each file by name.

    Raises
    ------
    InvalidInput
        If there is no space for them.
    """
    _remove_abandoned()
    try:
        folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_space(error) from None
    with folder, lock(Path(folder.name)):
        files = EngineFiles(folder)
        try:
            for name, content in contents.items():
                files.path(name).write_bytes(content)
        except OSError as error:
            raise _no_space(error) from None
        yield files


def _no_space(error: OSError) -> InvalidInput:
    return InvalidInput(
        f"the temporary folder {tempfile.gettempdir()} cannot hold the Monte Carlo's particles: "
        f"{error.strerror or error}; make room there, or name another folder in the variable TMPDIR."
    )


@cache
def _remove_abandoned() -> None:
    """Remove, once per process, the folders that killed processes have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            old = time.time() - folder.stat().st_mtime > _ABANDONED_S
        except OSError:
            continue
        with lock(folder) as free:
            if old and free:
                shutil.rmtree(folder, ignore_errors=True)
