"""``ludosimetry dicom-import``: make a case of a patient's DICOM files."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from .arguments import add_output
from .console import ConsoleProgress

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="folder with the DICOM files at any depth"
    )
    add_output(parser, "folder for the case")
    parser.add_argument(
        "--supply",
        type=Path,
        metavar="FILE.json",
        help='file with what the headers lack, by series: {"series": {"5": {"hours": 24}}}',
    )
    parser.add_argument(
        "--patient-id",
        metavar="TEXT",
        help="name of the patient in reports (default: a pseudonym made of the study's UID)",
    )
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="keep no name, birth date, dates or UIDs; the result's DICOM objects bear the pseudonym. Without it, "
        "dicom.json beside the case holds the patient's name and birth date for them, and only its owner can read it",
    )


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Write the case; print its path."""
    from ..dicom_files.availability import require_pydicom

    require_pydicom()
    # pydicom, numpy, scipy and SimpleITK take a second
    from ..dicom.case_import import import_case
    from ..dicom.scan_list import FILE_NAME, IDENTITY_NOTE, read_scan_list
    from ..dicom.supplement import Supplement, read_supplement

    supplement = Supplement() if asked.supply is None else read_supplement(asked.supply)
    file = import_case(
        asked.folder, asked.output, supplement, asked.patient_id, progress, asked.anonymous
    )
    found = read_scan_list(asked.output / FILE_NAME)
    with suppress(BrokenPipeError):
        progress.show(1.0, "done")
        progress.close()
        for remark in found.remarks:
            print(f"warning: {remark}", file=sys.stderr)
        if not asked.json_progress:
            print(found.as_text())
            if not asked.anonymous:
                print(IDENTITY_NOTE)
        print(file, flush=True)
