"""Files and folders that are either complete or absent."""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import random
from typing import IO

from .checks import check_path
from .errors import InvalidInput

LAST = "result.json"
"""File whose presence marks a folder as complete: removed first, put in place last."""

_PARTIAL = ".ludosimetry-partial-"
_UNTOUCHED_S = 86400.0
_TRIES = 100
_PAUSE_S = 0.01


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def write_atomically(path: Path) -> Iterator[IO[bytes]]:
    """
    Open a binary file that takes its name only when the block ends without an error.

    Parameters
    ----------
    path : Path
        Final name; an existing file is replaced in one step.

    Raises
    ------
    InvalidInput
        If the name is that of a link, a device or anything else but a file.
    """
    check_replaceable(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_replaceable(path: Path) -> None:
    """
    Refuse to replace anything but a plain file: a link, a device, a pipe.

    Raises
    ------
    InvalidInput
    """
    if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
        what = "a link" if path.is_symlink() else "a device or a pipe"
        raise InvalidInput(
            f"{path} is {what}, which is not replaced; give the name of a file, or remove it."
        )


@contextmanager
def staged(folder: Path, expected_bytes: int = 0, obsolete: Collection[str] = ()) -> Iterator[Path]:
    """
    Make a folder whose files move into another when the block ends without an error.

    Parameters
    ----------
    folder : Path
        Made if need be. Its other files stay; ``result.json`` is moved last.
    expected_bytes : int
        Space that must be free.
    obsolete : collection of str
        Names of files in the folder that are removed when the new ones arrive.

    Raises
    ------
    InvalidInput
        If the folder cannot be made or written, or has too little space.
    """
    check_path(folder, "the output")
    made: list[Path] = []
    stage: Path | None = None
    finished = False
    try:
        if folder.exists() and not folder.is_dir():
            raise InvalidInput(f"the output {folder} is a file; give a folder.")
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        stage = _new_stage(folder, expected_bytes)
        with lock(stage):
            yield stage
            _move(stage, folder, obsolete)
        finished = True
    except BrokenPipeError:  # from the reader of the progress, not from the folder
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInput(
            f"the output folder {folder} cannot be written: {reason}; choose another or make room."
        ) from None
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)
        if not finished:
            for path in made:
                with suppress(OSError):  # another run's by now, or not empty
                    path.rmdir()


def _new_stage(folder: Path, expected_bytes: int) -> Path:
    """Make a folder for files on their way, and what it lies in; another run may remove that as long as it is empty."""
    for attempt in range(_TRIES):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            remove_abandoned(folder)
            free = shutil.disk_usage(folder).free
            if free < expected_bytes:
                raise InvalidInput(
                    f"the output folder {folder} has {free / 1e6:.0f} MB free; {expected_bytes / 1e6:.0f} MB are "
                    "needed: make room or choose another."
                )
            stage = folder / f"{_PARTIAL}{secrets.token_hex(4)}"
            stage.mkdir()
            return stage
        except FileNotFoundError:
            if attempt == _TRIES - 1:
                raise
            time.sleep(_PAUSE_S * random())
    raise AssertionError


def check_outside(folder: Path, inputs: Iterable[Path]) -> None:
    """
    Refuse an output folder that lies within an input folder.

    Raises
    ------
    InvalidInput
        If one of the inputs is a folder that holds the output folder, or is it.
    """
    output = folder.resolve()
    for path in inputs:
        if path.is_dir() and output.is_relative_to(path.resolve()):
            raise InvalidInput(
                f"the output folder {folder} lies in the input {path}, which must not change; choose another."
            )


def check_writable(folder: Path) -> None:
    """
    Refuse an output folder that cannot be written before a long calculation, not after it.

    An existing folder is left unchanged, and no folder is left behind.
    """

    class WritableError(Exception):
        """Leaves the block before anything moves."""

    with suppress(WritableError), staged(folder):
        raise WritableError


def _move(stage: Path, folder: Path, obsolete: Collection[str]) -> None:
    new = sorted(stage.iterdir(), key=lambda path: (path.name == LAST, path.name))
    for file in new:
        check_replaceable(folder / file.name)
        if (folder / file.name).is_dir():
            raise InvalidInput(
                f"the output folder {folder} has a folder called {file.name}, where a file is to go; "
                "remove it or choose another output folder."
            )
    if any(file.name == LAST for file in new):
        (folder / LAST).unlink(missing_ok=True)
    for name in set(obsolete) - {file.name for file in new}:
        (folder / name).unlink(missing_ok=True)
    for file in new:
        os.replace(file, folder / file.name)


def remove_abandoned(folder: Path) -> None:
    """Remove the partial files of killed runs from an output folder, not those of a living one."""
    for path in folder.glob(f"{_PARTIAL}*"):
        with lock(path) as free:
            if free:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def lock(folder: Path) -> Iterator[bool]:
    """
    Lock a folder for as long as the block runs; yields whether it was free.

    The lock ends with the process, however that ends. Where folders have no locks, one counts as
    free when nothing has been put into it for a day.
    """
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield _untouched(folder)
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        except OSError:
            free = _untouched(folder)
        yield free
    finally:
        os.close(descriptor)


def _untouched(stage: Path) -> bool:
    try:
        return time.time() - stage.stat().st_mtime > _UNTOUCHED_S
    except OSError:
        return False
