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
        help="file with what the headers lack, with the keys of case.json",
    )
    parser.add_argument(
        "--patient-id",
        metavar="TEXT",
        help="name of the patient in reports (default: a pseudonym made of the study's UID)",
    )


def run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    """Write the case; print its path."""
    from ..dicom_files.availability import require_pydicom

    require_pydicom()
    # pydicom, numpy, scipy and SimpleITK take a second
    from ..dicom.case_import import import_case
    from ..dicom.source import FILE_NAME, read_source
    from ..dicom.supplement import Supplement, read_supplement

    supplement = Supplement() if asked.supply is None else read_supplement(asked.supply)
    file = import_case(asked.folder, asked.output, supplement, asked.patient_id, progress)
    with suppress(BrokenPipeError):
        progress.show(1.0, "done")
        progress.close()
        for remark in read_source(asked.output / FILE_NAME).remarks:
            print(f"warning: {remark}", file=sys.stderr)
        print(file, flush=True)
