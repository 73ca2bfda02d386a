"""How a result was made: versions, and the SHA-256 of everything that was read."""

import platform
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from ..base.storage import file_sha256
from ..case.case import Case
from ..image.headers import data_files
from ..kernels.point import kernel_provenance
from ..tissue.nuclide import Nuclide


def provenance_of(
    case: Case, nuclide: Nuclide, device: str, methods: Sequence[str]
) -> dict[str, Any]:
    """
    Make the provenance of a result; of files as they are now.

    Parameters
    ----------
    case : Case
    nuclide : Nuclide
    device : {"cpu", "cuda"}
        The one that calculates.
    methods : sequence of str
        The dose methods that calculate.
    """
    from .. import __version__

    return {
        "version": __version__,
        "case_sha256": case.sha256,
        "inputs_sha256": inputs_sha256(case),
        "kernels": kernel_provenance(nuclide.name),
        "model": "",
        "nuclide_data": nuclide.source,
        "device": device,
        "packages": _packages(device, methods),
    }


def _packages(device: str, methods: Sequence[str]) -> dict[str, str]:
    """Versions of Python and of the packages that calculate."""
    versions = {"python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in ("numpy", "scipy", "SimpleITK")}
    # builds for CUDA have other names as distributions, so that the module itself is asked
    if "unet" in methods:
        versions["onnxruntime"] = str(import_module("onnxruntime").__version__)
    if device != "cpu":
        versions["torch"] = str(import_module("torch").__version__)
    return versions


def inputs_sha256(case: Case) -> dict[str, str]:
    """SHA-256 of the images, by path as in the case file; of a DICOM folder, of each file in it; of a header with its voxels in files beside it, of these too. What is missing is left out."""
    files = []
    for image in case.images:
        files += sorted(image.iterdir()) if image.is_dir() else [image, *data_files(image)]
    return {_relative(f, case.folder): file_sha256(f) for f in files if f.is_file()}


def _relative(path: Path, folder: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
