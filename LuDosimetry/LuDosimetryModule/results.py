"""Results of this session: their nodes in the scene and their folders of files."""

import shutil
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.jobs.job_folder import RESULT

from .background import BackgroundJob
from .calculation import Calculation
from .jobs import remove
from .outputs import RESULT_ATTRIBUTE, Outputs


@dataclass(frozen=True)
class SceneResult:
    """
    A result in the scene.

    Attributes
    ----------
    outputs : Outputs
    folder : Path or None
        Folder of its files; None if it was calculated in another session.
    warnings : tuple of str
    """

    outputs: Outputs
    folder: Path | None = None
    warnings: tuple[str, ...] = ()


class Results:
    """Results that were calculated in this session, by the ID of their dose volume."""

    def __init__(self) -> None:
        self._jobs: dict[str, Path] = {}
        weakref.finalize(self, _remove_all, self._jobs)  # with the application at the latest
        self._warnings: dict[str, tuple[str, ...]] = {}

    def keep(self, job: BackgroundJob) -> None:
        """Keep the files of a finished job; those of an earlier one for the same volume are removed."""
        if not isinstance(job, Calculation) or job.outputs is None or job.folder is None:
            remove(job.folder)
            return
        identity = job.outputs.dose.GetID()
        remove(self._jobs.get(identity))
        self._jobs[identity] = job.folder
        self._warnings[identity] = tuple(job.warnings)

    def of(self, dose: Any) -> SceneResult | None:
        """Find the result that a dose volume belongs to; None if there is none."""
        if dose is None or not dose.GetAttribute(RESULT_ATTRIBUTE):
            return None
        identity = dose.GetID()
        job = self._jobs.get(identity)
        folder = None if job is None else job / RESULT
        return SceneResult(Outputs(dose), folder, self._warnings.get(identity, ()))

    def save(self, dose: Any, folder: Path) -> None:
        """
        Copy the files of a result.

        Raises
        ------
        InvalidInput
            If they no longer exist, or the folder cannot be written.
        """
        result = self.of(dose)
        if result is None or result.folder is None:
            raise InvalidInput(
                _("{name} was not calculated in this session; calculate it again.").format(
                    name=dose.GetName()
                )
            )
        try:
            shutil.copytree(result.folder, folder, dirs_exist_ok=True)
        except OSError as error:
            raise InvalidInput(
                _("the folder {folder} cannot be written: {reason}; choose another.").format(
                    folder=folder, reason=error.strerror or error
                )
            ) from None

    def remove(self) -> None:
        """Remove the files of all results."""
        _remove_all(self._jobs)
        self._warnings.clear()


def _remove_all(jobs: dict[str, Path]) -> None:
    for job in jobs.values():
        remove(job)
    jobs.clear()
