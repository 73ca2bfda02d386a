"""
Runs cases without a window.

Slicer --no-splash --no-main-window --python-script ludosimetry_batch.py CASE_OR_FOLDER... -o DIR

Every case file that is named, and every case.json below a folder that is named, is calculated and
saved: its result folder and, beside it, the scene as ``scene.mrb``. Of several cases each has a
folder of its own within DIR. Exit codes: 0 all done, 2 invalid input, 3 cancelled, 1 anything
else; one case that fails does not stop the others.
"""

import argparse
import sys
import traceback
from pathlib import Path

import slicer

CASE = "case.json"


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(
        prog="ludosimetry_batch.py", description="177Lu dosimetry of cases"
    )
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASE_OR_FOLDER")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--no-scene", action="store_true", help="save no scene bundle")
    try:
        asked = parser.parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    cases = find_cases(asked.cases)
    if not cases:
        print(f"there is no case file in {', '.join(map(str, asked.cases))}.", file=sys.stderr)
        return 2
    # Slicer has loaded the module, and with it found the library
    from LuDosimetryLib.base.errors import worst_of

    return worst_of(
        run_case(case, asked.output / name if len(cases) > 1 else asked.output, not asked.no_scene)
        for case, name in cases.items()
    )


def find_cases(given: list[Path]) -> dict[Path, str]:
    """Case files, and a name of its own for each."""
    found: dict[Path, str] = {}
    for path in given:
        if path.is_dir():
            for file in sorted(path.rglob(CASE)):
                found[file] = "-".join(file.parent.relative_to(path).parts) or path.resolve().name
        else:
            found[path] = path.stem if path.name != CASE else path.resolve().parent.name
    names = list(found.values())
    return {
        file: name if names.count(name) == 1 else f"{name}-{n}"
        for n, (file, name) in enumerate(found.items(), start=1)
    }


def run_case(case: Path, folder: Path, with_scene: bool) -> int:
    """Calculate and save one case; the exit code."""
    from LuDosimetry import LuDosimetryLogic
    from LuDosimetryLib.base.errors import FAILED, INVALID, ending_of

    print(f"{case} -> {folder}", flush=True)
    slicer.mrmlScene.Clear(0)
    logic = LuDosimetryLogic()
    try:
        outputs = logic.runCase(case)
        logic.saveResult(outputs.dose, folder)
        if with_scene and not slicer.util.saveScene(str(folder / "scene.mrb")):
            print(f"{folder / 'scene.mrb'} cannot be written.", file=sys.stderr)
            return FAILED
    except Exception as error:
        code, said = (FAILED, str(error)) if isinstance(error, RuntimeError) else ending_of(error)
        print(f"{case}: {said}", file=sys.stderr)
        if code not in (FAILED, INVALID):
            traceback.print_exc()
        return code
    finally:
        logic.removeResultFolders()
    print(f"{folder / 'report.html'}", flush=True)
    return 0


if __name__ == "__main__":
    slicer.util.exit(main(sys.argv[1:]))
