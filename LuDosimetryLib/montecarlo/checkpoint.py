"""Checkpoint of a run: its finished batches on disk, from which a killed run resumes."""

import shutil
import zipfile
from pathlib import Path

import numpy as np

from ..base.errors import InvalidInput
from ..base.storage import write_atomically
from .statistics import BatchStatistics

_FILE = "batches.npz"


class Checkpoint:
    """
    Finished batches of one run, in a folder of their own.

    Parameters
    ----------
    folder : Path or None
        Made with the first batch; None for no checkpoint.
    key : str
        Identifies the calculation: batches under another key are ignored and overwritten.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self._folder = folder
        self._key = key
        self._made_folders: list[Path] = []

    def load(self) -> BatchStatistics | None:
        """Read the batches of an earlier run with the same key; None if there are none."""
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
        Replace the stored batches by the finished ones, in one step.

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
                self._made_folders = [p for p in (folder, *folder.parents) if not p.exists()]
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
                f"the checkpoint of the Monte Carlo cannot be written to {folder}: {error.strerror or error}; "
                "make room or choose another output folder."
            ) from None

    def discard(self) -> None:
        """Remove the checkpoint and the folders that `save` made for it."""
        if self._folder is None:
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        for path in self._made_folders:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
