"""Files and numbers beside a reference dose that lies in a result folder."""

from dataclasses import dataclass, field
from pathlib import Path

from ..base.errors import InvalidInput
from ..base.log import Log
from ..base.storage import LAST
from ..output.summary import STANDARD_ERROR, ForeignFile, file_in, read_summary


@dataclass(frozen=True)
class Beside:
    """
    Files and numbers that belong to a dose file, as far as its folder has them.

    Attributes
    ----------
    density : Path or None
        File of the mass density [g/cm3].
    standard_error : Path or None
        File of the standard error of the dose's voxels [Gy].
    organ_standard_error_percent : dict of str to float
        Relative standard error of organ means by name, from the batches of a Monte Carlo; that of
        the voxels would overstate it, since what one voxel loses its neighbour gains.
    """

    density: Path | None = None
    standard_error: Path | None = None
    organ_standard_error_percent: dict[str, float] = field(default_factory=dict)


def beside(dose: Path, log: Log) -> Beside:
    """
    Find what lies beside a dose file; nothing if its folder is no result folder.

    Parameters
    ----------
    dose : Path
    log : Log
        Takes a remark if the folder is a result folder that cannot be used.
    """
    folder = dose.parent
    if not (folder / LAST).is_file():
        return Beside()
    try:
        return _found(dose)
    except ForeignFile:
        return Beside()
    except InvalidInput as error:
        log.remark(f"Density and standard errors beside the reference were not used: {error}")
        return Beside()


def _found(dose: Path) -> Beside:
    folder = dose.parent
    summary = read_summary(folder)
    method = next(
        (m for m in summary.methods if summary.volumes[summary.dose_key(m)] == dose.name), None
    )
    if method is None:
        return Beside()
    errors = {}
    for organ in summary.organs:
        mean = organ.dose_by_method_Gy.get(method)
        error = organ.standard_error_by_method_Gy.get(method)
        if mean and error is not None:
            errors[organ.name] = 100.0 * error / mean

    def file(key: str) -> Path | None:
        name = summary.volumes.get(key)
        path = None if name is None else file_in(folder, name)
        return path if path is not None and path.exists() else None

    return Beside(file("density"), file(summary.dose_key(method) + STANDARD_ERROR), errors)
