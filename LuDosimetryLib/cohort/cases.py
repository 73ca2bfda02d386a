"""Cases of a cohort, and how each ended."""

from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InvalidInput
from ..case.case import FILE_NAME


@dataclass(frozen=True)
class CohortCase:
    """
    Case of a cohort.

    Attributes
    ----------
    name : str
        Path of its folder below that of the cohort, with slashes.
    file : Path
        Case file.
    output : Path
        Result folder.
    """

    name: str
    file: Path
    output: Path


@dataclass(frozen=True)
class Ending:
    """
    Ending of the calculation of a case.

    Attributes
    ----------
    case : CohortCase
    code : int
        Exit code: 0 done, 2 invalid input, 3 cancelled, 1 anything else.
    text : str
        One sentence if it is not done.
    earlier : bool
        Whether the result is that of an earlier run.
    """

    case: CohortCase
    code: int
    text: str = ""
    earlier: bool = False


def find_cases(folder: Path, output: Path) -> list[CohortCase]:
    """
    Find every ``case.json`` below a folder, except in hidden folders and in the output.

    Result folders are arranged in the output as the cases are in the folder.

    Raises
    ------
    InvalidInput
        If there is no case.
    """
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {folder}; give a folder with cases below it.")
    folder, output = folder.resolve(), output.resolve()
    apart = [output] if folder in output.parents else []
    files = [
        file
        for file in sorted(folder.rglob(FILE_NAME))
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and not any(other in file.parent.parents for other in apart)
    ]
    if not files:
        raise InvalidInput(
            f"{folder} holds no case (no {FILE_NAME} at any depth); write one, or make one from DICOM files with "
            "'dicom-import'."
        )
    names = [file.parent.relative_to(folder).as_posix() for file in files]
    names = [folder.name if name == "." else name for name in names]
    if len(set(names)) < len(names):
        raise InvalidInput(
            f"{folder} holds a case itself and one in its folder {folder.name}, which would have the same result folder; "
            "move one of them."
        )
    return [CohortCase(n, f, output / n) for n, f in zip(names, files, strict=True)]
