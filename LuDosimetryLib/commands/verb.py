"""A verb of the shell, known without importing the file that has its arguments and its function."""

import argparse
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from .console import ConsoleProgress

__all__ = ["Verb", "VerbFile"]


class VerbFile(Protocol):
    """The file of a verb."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the verb; needs neither numpy nor any other large package."""

    def run(self, asked: argparse.Namespace, progress: ConsoleProgress) -> int | None:
        """Do what the verb does; the exit code, or None for 0."""


@dataclass(frozen=True)
class Verb:
    """
    A verb of ``ludosimetry VERB``.

    Attributes
    ----------
    name : str
        Name on the command line, and with underscores of the file in this folder.
    help : str
        What the verb does, in a phrase.
    """

    name: str
    help: str

    def load(self) -> VerbFile:
        """Import the verb's file."""
        return cast(VerbFile, import_module(f"{__package__}.{self.name.replace('-', '_')}"))
