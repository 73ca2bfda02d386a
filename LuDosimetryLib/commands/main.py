"""The shell's command ``ludosimetry VERB``, also ``python -m LuDosimetryLib VERB``."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..base.errors import CANCELLED, DONE, FAILED, INVALID, Cancelled, ending_of, worst_of
from ..case.case import Case
from ..case.options import DEVICES
from .console import ConsoleProgress
from .options_of_case import add_overrides, overrides

if TYPE_CHECKING:
    from ..organs.organ_dose import OrganDose

__all__ = ["CANCELLED", "DONE", "FAILED", "INVALID", "main"]

Verb = Callable[[argparse.Namespace, ConsoleProgress], int | None]
"""What a verb does; the exit code, if it is not 0."""


def main(arguments: list[str] | None = None) -> int:
    """
    Run one verb.

    Returns
    -------
    int
        Exit code: 0 done, 2 invalid input, 3 cancelled, 1 anything else.
    """
    asked = _parser().parse_args(arguments)
    verb: Verb = asked.function
    try:
        with ConsoleProgress(asked.json_progress) as progress:
            return verb(asked, progress) or DONE
    except (Exception, KeyboardInterrupt) as error:
        code, said = ending_of(error)
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else the last flush fails once more
        if sys.flags.dev_mode and code == FAILED and not isinstance(error, MemoryError | OSError):
            raise
    print(f"ludosimetry: {said}", file=sys.stderr)
    return code


def _run(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    case = Case.read(asked.case)
    changes = overrides(asked)
    if asked.scheduler is not None:
        changes["scheduler"] = asked.scheduler
    case = case.with_options(**changes)

    from ..pipeline import run_into  # numpy, scipy and SimpleITK take a second

    result = run_into(case, asked.output, progress)
    with suppress(BrokenPipeError):  # the result is there whether or not anybody reads on
        progress.show(1.0, "done")
        progress.close()
        for warning in result.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        if not asked.json_progress:
            print(_organ_lines(result.organs, result.dose_method))
            print(f"{asked.output / 'report.html'}", flush=True)


def _organ_lines(organs: "list[OrganDose]", method: str) -> str:
    noisy = any(o.standard_error_Gy is not None for o in organs)
    error = f"{'error [Gy]':>12}" if noisy else ""
    lines = [
        f"{'volume of interest':<28}{'mass [g]':>10}{'TIA [MBq h]':>14}{'dose [Gy]':>12}{error}   ({method})"
    ]
    lines += [
        f"{o.name:<28.28}{o.mass_g:>10.1f}{o.tia_MBq_h:>14.1f}{o.mean_dose_Gy:>12.3f}"
        + ("" if o.standard_error_Gy is None else f"{o.standard_error_Gy:>12.2g}")
        for o in organs
    ]
    return "\n".join(lines)


def _sample(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..lab.phantom.sample import write_sample

    print(write_sample(asked.output, progress))


def _phantom(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..lab.phantom.patient import write_phantom

    print(write_phantom(asked.seed, asked.output, progress, asked.cycle))


def _dicom_import(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..dicom_files.availability import require_pydicom

    require_pydicom()
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


def _compare(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..comparison.comparison import compare_files

    compare_files(
        asked.dose,
        asked.reference,
        asked.segmentation,
        asked.output,
        asked.density,
        reference_standard_error=asked.reference_standard_error,
    )
    print(asked.output / "comparison.html")


def _course(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..course.folder import read_course, read_limits, write_course

    limits = None if asked.limits is None else read_limits(asked.limits)
    course = read_course(asked.folder, limits)
    report = write_course(course, asked.output)
    for warning in course.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(report)


def _cohort(asked: argparse.Namespace, progress: ConsoleProgress) -> int:
    from ..base.storage import check_writable
    from ..cohort.run import find_cases, run_cohort
    from ..cohort.summary import Cohort, write_cohort
    from ..jobs.scheduler import has_distributed

    check_writable(asked.output)
    cases = find_cases(asked.folder, asked.output)
    changes = overrides(asked)
    if asked.scheduler is None and not has_distributed():
        print(
            "warning: dask.distributed is not installed, so that the cases are calculated one after the other (pip install "
            "distributed).",
            file=sys.stderr,
        )
    endings = []
    try:
        for ending in run_cohort(cases, changes, progress, asked.scheduler, asked.workers):
            endings.append(ending)
            if ending.code != DONE:
                progress.close()
                print(f"{ending.case.name}: {ending.text}", file=sys.stderr)
    except Cancelled:
        done = sum(ending.code == DONE for ending in endings)
        progress.close()
        print(
            f"ludosimetry: cancelled; {done} of {len(cases)} cases are done and stay, and are not calculated again when the "
            "cohort is started again.",
            file=sys.stderr,
        )
        return CANCELLED
    report = write_cohort(Cohort.of(asked.output, endings))
    with suppress(BrokenPipeError):
        progress.show(1.0, "done")
        progress.close()
        print(report, flush=True)
    return worst_of([ending.code for ending in endings])


def _kernels(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..kernels.table import KernelTable

    table = KernelTable.of(tuple(asked.voxel_mm), asked.density, asked.composition)
    text = table.as_json() if asked.json else table.as_text()
    if asked.output is None:
        print(text)
    else:
        table.write(asked.output)


def _kernels_build(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..lab.kernels.build import build_point_kernels

    build_point_kernels(asked.output, asked.electrons, asked.photons, asked.seed, progress)


def _bench(asked: argparse.Namespace, progress: ConsoleProgress) -> None:
    from ..lab.bench import bench

    report = bench(asked.grid, asked.device, not asked.without_plain, progress)
    print(json.dumps(report.as_dict()) if asked.json else report.as_text())


def _positive(text: str) -> float:
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def _whole(text: str) -> int:
    value = float(text)
    if not (0.0 <= value < float("inf") and value.is_integer()):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 0")
    return int(value)


def _count(text: str) -> int:
    if (value := _whole(text)) == 0:
        raise argparse.ArgumentTypeError("0 is not a whole number of at least 1")
    return value


def _add_dicom_arguments(added: argparse.ArgumentParser) -> None:
    added.add_argument("folder", type=Path, metavar="DIR")
    added.add_argument(
        "--supply",
        type=Path,
        metavar="FILE.json",
        help='what the headers lack, by series: {"series": {"5": {"hours": 24}}}',
    )
    added.add_argument(
        "--patient-id", metavar="TEXT", help="how reports call the patient, instead of a pseudonym"
    )
    added.add_argument(
        "--anonymous",
        action="store_true",
        help="keep no name, birth date, dates or UIDs; the result's DICOM objects bear the pseudonym",
    )


def _add_cohort_arguments(added: argparse.ArgumentParser) -> None:
    added.add_argument("folder", type=Path, metavar="FOLDER", help="with case.json files below it")
    add_overrides(added, _count, _positive)
    where = added.add_mutually_exclusive_group()
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of dask.distributed, whose workers calculate the cases, instead of processes of this machine",
    )
    where.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="processes of this machine; by default one for every two cores",
    )


def _add_course_arguments(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "folder", type=Path, metavar="FOLDER", help="with the cycles' result folders"
    )
    added.add_argument(
        "--limits",
        type=Path,
        metavar="FILE.json",
        help='lines to draw, instead of FOLDER/limits.json: {"kidney": {"dose_Gy": 23, "BED_Gy": 40}}',
    )


def _add_kernel_verbs(verb: Callable[[str, Verb, str], argparse.ArgumentParser]) -> None:
    kernels = verb("kernels", _kernels, "voxel S values of a medium")
    kernels.add_argument(
        "--voxel-mm", type=_positive, nargs=3, required=True, metavar=("X", "Y", "Z")
    )
    kernels.add_argument("--density", type=_positive, required=True, metavar="RHO", help="[g/cm3]")
    kernels.add_argument(
        "--composition",
        required=True,
        metavar="NAME",
        help="water, lung, adipose, soft, cortical-bone, ...",
    )
    kernels.add_argument(
        "--json", action="store_true", help="a few values and the absorbed energy as JSON"
    )
    kernels.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="table of all values (.csv) or the JSON (.json)",
    )

    build = verb(
        "kernels-build", _kernels_build, "make the shipped point kernels afresh by Monte Carlo"
    )
    build.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.npz")
    build.add_argument(
        "--electrons", type=_count, default=1_000_000, metavar="N", help="histories per composition"
    )
    build.add_argument(
        "--photons", type=_count, default=10_000_000, metavar="N", help="histories per composition"
    )
    build.add_argument("--seed", type=_whole, default=20260101, metavar="N")


def _add_bench(added: argparse.ArgumentParser) -> None:
    added.add_argument("--json", action="store_true")
    added.add_argument("--grid", type=_count, default=128, metavar="N", help="voxels an axis")
    added.add_argument("--device", choices=DEVICES, default="auto")
    added.add_argument(
        "--without-plain",
        action="store_true",
        help="leave out the plain convolutions, which take minutes",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ludosimetry",
        description="Absorbed dose of 177Lu radiopharmaceutical therapy. For research use only.",
    )
    parser.add_argument("--version", action="version", version=f"LuDosimetry {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str, function: Verb, text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text)
        added.set_defaults(function=function)
        added.add_argument(
            "--json-progress", action="store_true", help="progress as JSON lines on stdout"
        )
        return added

    def output(added: argparse.ArgumentParser, text: str) -> None:
        added.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help=text)

    run = verb("run", _run, "calculate a case")
    run.add_argument("case", type=Path, metavar="CASE.json")
    output(run, "result folder")
    add_overrides(run, _count, _positive)
    run.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of dask.distributed, whose workers calculate Monte Carlo batches",
    )

    cohort = verb("cohort", _cohort, "calculate every case below a folder")
    output(cohort, "folder of the result folders, the table and the report")
    _add_cohort_arguments(cohort)

    sample = verb("sample", _sample, "write the bundled sample case: a real CT, four SPECT, organs")
    output(sample, "folder of the case")

    phantom = verb("phantom", _phantom, "write a virtual patient as a case")
    phantom.add_argument("--seed", type=_whole, required=True, metavar="N")
    phantom.add_argument(
        "--cycle",
        type=_count,
        default=1,
        metavar="N",
        help="treatment cycle: same body, other uptake",
    )
    output(phantom, "folder of the case")

    dicom = verb("dicom-import", _dicom_import, "make a case of a patient's DICOM files")
    output(dicom, "folder of the case")
    _add_dicom_arguments(dicom)

    compare = verb("compare", _compare, "compare a dose with a reference dose")
    compare.add_argument("dose", type=Path, metavar="DOSE", help="image [Gy]")
    compare.add_argument("reference", type=Path, metavar="REFERENCE", help="image [Gy]")
    compare.add_argument("--segmentation", type=Path, metavar="FILE")
    compare.add_argument(
        "--density", type=Path, metavar="FILE", help="[g/cm3], for mass-weighted means"
    )
    compare.add_argument(
        "--reference-standard-error",
        type=Path,
        metavar="FILE",
        help="statistical error of each voxel of a Monte Carlo reference [Gy]",
    )
    output(compare, "folder of the comparison")

    course = verb("course", _course, "add up the doses of one patient's cycles")
    output(course, "folder of the course's report")
    _add_course_arguments(course)

    _add_kernel_verbs(verb)
    _add_bench(verb("bench", _bench, "time and memory of the dose methods"))
    from .network import add_verbs

    add_verbs(verb, _count)
    return parser
