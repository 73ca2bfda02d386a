"""Folders of background jobs, in Slicer's folder for temporary files."""

import os
import shutil
import tempfile
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.jobs.runner import INTERPRETER_VARIABLE

_PREFIX = "LuDosimetry-"


def new_job_folder() -> Path:
    """
    Make a new, empty folder.

    Raises
    ------
    InvalidInput
        If the folder for temporary files cannot be written.
    """
    parent = Path(slicer.app.temporaryPath)
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    except OSError as error:
        raise cannot_write(parent, error) from None


def cannot_write(folder: Path, error: OSError) -> InvalidInput:
    """Error for files of a job that cannot be written."""
    return InvalidInput(
        _(
            "the folder for temporary files {folder} cannot be written ({reason}); choose another in Edit / Application "
            "Settings / Modules, or make room."
        ).format(folder=folder, reason=error.strerror or error)
    )


def remove(folder: Path | None) -> None:
    """Remove a job folder as far as possible."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def environment() -> dict[str, str]:
    """
    Environment of a background process.

    It is that of Slicer, which Slicer's Python needs; a Python that the user names in the variable
    LUDOSIMETRY_PYTHON gets the environment in which Slicer was started.
    """
    if os.environ.get(INTERPRETER_VARIABLE):
        return dict(slicer.util.startupEnvironment())
    return dict(os.environ)
