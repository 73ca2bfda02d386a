"""Files for a library that reads by name only, of which nothing stays behind, even when killed."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from ..base.errors import InvalidInput

_PREFIX = ".ludosimetry-engine-"
_ABANDONED_S = 60.0


class Nameless:
    """
    Files under one base name with different suffixes.

    On Linux their content lies in memory that belongs to the process alone, and the names are
    links to it; a killed process leaves at most a folder with two dead links, and that only if
    it dies before `forget_names`. Elsewhere they are files of a temporary folder. Folders left
    by killed processes go when the next one starts.

    Attributes
    ----------
    base : Path
        Name without suffix.
    """

    def __init__(self, folder: Path) -> None:
        self.base = folder / "engine"
        self._folder = folder
        self._in_memory = hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()

    @classmethod
    @contextmanager
    def holding(cls, contents: Mapping[str, bytes]) -> Iterator["Nameless"]:
        """
        Files with a content for each suffix, as long as the block runs.

        Raises
        ------
        InvalidInput
            If there is no room for them.
        """
        _remove_abandoned()
        with ExitStack() as stack:
            try:
                folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
                files = cls(folder)
                stack.callback(files._remove_folder)
                for suffix, content in contents.items():
                    files._put(suffix, content, stack)
            except OSError as error:
                raise InvalidInput(
                    f"the temporary folder {tempfile.gettempdir()} cannot hold the Monte Carlo's particles: "
                    f"{error.strerror or error}; make room there, or name another folder in the variable TMPDIR."
                ) from None
            yield files

    def forget_names(self) -> None:
        """Once all has been read: nothing has a name any more."""
        if self._in_memory:
            self._remove_folder()

    def _put(self, suffix: str, content: bytes, stack: ExitStack) -> None:
        path = self.base.with_suffix(suffix)
        if not self._in_memory:
            path.write_bytes(content)
            return
        descriptor = os.memfd_create("ludosimetry")
        stack.callback(os.close, descriptor)
        with os.fdopen(os.dup(descriptor), "wb") as memory:
            memory.write(content)
        path.symlink_to(f"/proc/self/fd/{descriptor}")

    def _remove_folder(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


@cache
def _remove_abandoned() -> None:
    """Remove, once a process, what processes that are no more have left in the temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        try:
            old = time.time() - folder.stat().st_mtime > _ABANDONED_S
        except OSError:
            continue
        if old and process.isdigit() and not _lives(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    if os.name != "posix":  # no question without effect there: what is in use cannot be removed
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
