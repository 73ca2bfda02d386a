"""Finished batches on disk, so that a run that was killed goes on where it was."""

import shutil
import zipfile
from pathlib import Path

import numpy as np

from ..base.errors import InvalidInput
from ..base.storage import write_atomically
from .statistics import BatchStatistics

_FILE = "batches.npz"


class UnfinishedRun:
    """
    The batches of one run in a folder of its own.

    Parameters
    ----------
    folder : Path or None
        Made with the first batch; None keeps nothing.
    key : str
        Says what was calculated: batches under another key are not used, and overwritten.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self._folder = folder
        self._key = key
        self._made: list[Path] = []

    def load(self) -> BatchStatistics | None:
        """The batches of an earlier run of the same key, if there are any."""
        if self._folder is None:
            return None
        try:
            with np.load(self._folder / _FILE, allow_pickle=False) as stored:
                if str(stored["key"]) != self._key:
                    return None
                names = [str(name) for name in stored["names"]]
                electrons, photons, batches = (int(n) for n in stored["counts"])
                regions = dict(zip(names, stored["regions"].tolist(), strict=True))
                followed = {"electron": electrons, "photon": photons}
                return BatchStatistics(
                    stored["total"],
                    stored["squares"],
                    regions,
                    followed,  # type: ignore[arg-type]
                    batches,
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, done: BatchStatistics) -> None:
        """
        Put the finished batches in the place of the earlier ones, in one step.

        Raises
        ------
        InvalidInput
            If they cannot be written.
        """
        if self._folder is None:
            return
        folder = self._folder
        try:
            if not folder.exists():
                self._made = [p for p in (folder, *folder.parents) if not p.exists()]
                folder.mkdir(parents=True)
            with write_atomically(folder / _FILE) as file:
                np.savez(
                    file,
                    key=np.array(self._key),
                    total=done.total,
                    squares=done.squares,
                    names=np.array(list(done.regions), dtype=str),
                    regions=np.array(list(done.regions.values()), dtype=np.float64),
                    counts=np.array(
                        [done.followed["electron"], done.followed["photon"], done.batches]
                    ),
                )
        except OSError as error:
            if folder.is_dir() and not any(folder.iterdir()):
                self.discard()
            raise InvalidInput(
                f"the finished batches of the Monte Carlo cannot be kept in {folder}: {error.strerror or error}; "
                "make room or choose another output folder."
            ) from None

    def discard(self) -> None:
        """Remove what `save` has made."""
        if self._folder is None:
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        for path in self._made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
