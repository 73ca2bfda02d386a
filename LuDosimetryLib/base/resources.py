"""Path of the run-time data, in the source tree and in an installed extension."""

from pathlib import Path


def resource(*parts: str) -> Path:
    """
    Path of a file or folder below ``Resources``.

    In a source checkout ``Resources`` lies beside the library; an installed extension or wheel
    has it inside the library folder.

    Parameters
    ----------
    *parts : str
        Path components below ``Resources``, for example ``"Kernels", "points.npz"``.

    Raises
    ------
    FileNotFoundError
        If the installation lacks the file.
    """
    library = Path(__file__).resolve().parents[1]
    for root in (library / "Resources", library.parent / "Resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(
        f"Resources/{'/'.join(parts)} is missing from this installation; install LuDosimetry again."
    )
