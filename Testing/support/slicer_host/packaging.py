"""`slicer.packaging`: what a panel asks to be installed is noted, and nothing is installed."""

import importlib.metadata
import shlex
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

asked: list[list[str]] = []


def _requirements(given: Any) -> list[Requirement]:
    texts = shlex.split(given) if isinstance(given, str) else given
    if isinstance(texts, Requirement):
        texts = [texts]
    return [t if isinstance(t, Requirement) else Requirement(t) for t in texts]


def pip_check(requirements: Any) -> bool:
    """Whether all requirements are met in this Python."""
    for requirement in _requirements(requirements):
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            return False
        if not requirement.specifier.contains(version, prereleases=True):
            return False
    return True


def pip_install(
    requirements: Any,
    constraints: str | Path | None = None,
    no_deps_requirements: Any = None,
    skip_packages: list[str] | None = None,
    blocking: bool = True,
    show_progress: bool = True,
    requester: str | None = None,
    **_more: Any,
) -> None:
    """Note what would be installed."""
    del constraints, no_deps_requirements, skip_packages, blocking, show_progress, requester
    asked.append([str(r) for r in _requirements(requirements)])


def pip_ensure(
    requirements: Any,
    constraints: str | Path | None = None,
    skip_packages: list[str] | None = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> None:
    """Ask the user, and note what would be installed; RuntimeError when the user declines."""
    import slicer

    del constraints, skip_packages, prompt_restart, show_progress
    missing = [str(r) for r in _requirements(requirements) if not pip_check([r])]
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return
    if prompt_install:
        title = f"{requester} - Install Python Packages" if requester else "Install Python Packages"
        text = f"{len(missing)} Python packages need to be installed: {', '.join(missing)}"
        if not slicer.util.confirmOkCancelDisplay(text, title):
            raise RuntimeError("User declined package installation")
    pip_install(missing)


def pip_uninstall(requirements: Any, **_options: Any) -> None:
    """Note what would be removed."""
    asked.append([f"remove {r}" for r in _requirements(requirements)])
