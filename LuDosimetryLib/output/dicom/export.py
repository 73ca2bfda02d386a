"""The DICOM objects of a result folder."""

from pathlib import Path

from ...base.log import Log
from ...dicom_files.availability import missing_packages, quiet
from ...result.result import ResultData
from .dose_object import dose_object
from .organ_dose_report import organ_dose_report
from .organ_segmentation import organ_segmentation
from .planes import planes_of
from .result_study import ResultStudy
from .tia_map import tia_map

DOSE = "dose.dcm"
SEGMENTATION = "organs_seg.dcm"
ORGAN_DOSES = "organ_doses_sr.dcm"
TIA = "tia_pmap.dcm"
FILES = (DOSE, SEGMENTATION, ORGAN_DOSES, TIA)

SOURCE_STUDY = "that of the reference SPECT"
NEW_STUDY = "a new one with generated UIDs, for the case does not come from DICOM"


def study_of(result: ResultData) -> str:
    """Which study the objects belong to, in words."""
    return NEW_STUDY if result.dicom is None else SOURCE_STUDY


def write_objects(result: ResultData, folder: Path, log: Log) -> None:
    """
    Write dose, volumes of interest, organ doses and time-integrated activity as DICOM objects.

    What cannot be written is a remark, never an error: the same numbers lie in the other files.

    Parameters
    ----------
    result : ResultData
    folder : Path
    log : Log
    """
    missing = missing_packages()
    if missing:
        log.remark(f"the DICOM objects were not written: {' and '.join(missing)} is not installed.")
        return
    planes = planes_of(result.grid)
    if planes is None:
        log.remark(
            "the DICOM objects were not written: the axes of the grid are not at right angles."
        )
        return
    study = ResultStudy.of(result)
    with quiet():
        dose = dose_object(result, study, planes)
        dose.save_as(folder / DOSE, enforce_file_format=True)
        tia_map(result, study, planes).save_as(folder / TIA)
        if result.vois:
            segmentation = organ_segmentation(result, study, planes)
            segmentation.save_as(folder / SEGMENTATION)
        if result.organs:
            report = organ_dose_report(result, study, segmentation, dose)
            report.save_as(folder / ORGAN_DOSES)
