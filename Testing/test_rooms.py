"""Imports of the library and of the Slicer module: down the floors of the house, without circles."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LIBRARY, SLICER = "LuDosimetryLib", "LuDosimetryModule"

FLOORS = """
    base
    case dicom_files
    image
    tissue
    registration kernels
    activity voi
    agreement dicom organs
    result
    report
    output
    comparison course jobs
    montecarlo
    dose
    pipeline
    arrays_in_hand cohort lab
    commands worker
    LuDosimetryModule
"""
"""From the ground up: a room imports from itself and from lower floors, never up or sideways."""

HEAVY = {"distributed", "highdicom", "matplotlib", "ompmc", "onnxruntime", "pydicom", "torch"}
"""Optional or slow to load: an import of ours inside a function must keep one of these away."""

LATE = {"commands", "worker"}
"""
Rooms that import what they run when they run it: ``ludosimetry -h`` answers at once without numpy,
and the worker reports a missing package to the program that started it.
"""

BOTH_WAYS = {("LuDosimetryLib.case.case", "LuDosimetryLib.case.case_file")}
"""Imports inside functions for another reason: `Case.read` and `Case.write` know their file format."""


class Import(NamedTuple):
    """A module, what it imports, and whether at its top, inside a function, or for types alone."""

    importer: str
    imported: str
    place: str


@cache
def imports_of(root: Path) -> tuple[Import, ...]:
    """All imports of the library and of the Slicer module; of a package's names, the modules."""
    files = [(f, f.relative_to(root)) for f in sorted((root / LIBRARY).rglob("*.py"))]
    module = root / "LuDosimetry" / SLICER
    files += [(f, f.relative_to(module.parent)) for f in sorted(module.rglob("*.py"))]
    name_of = {f: ".".join(p.with_suffix("").parts).removesuffix(".__init__") for f, p in files}
    known = set(name_of.values())
    found = []
    for file, name in name_of.items():
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for node, place in _placed(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [Import(name, alias.name, place) for alias in node.names]
                continue
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            targets = {m if (m := f"{base}.{a.name}") in known else base for a in node.names}
            found += [Import(name, target, place) for target in sorted(targets)]
    return tuple(found)


def _placed(tree: ast.AST, place: str = "top") -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, place
        elif isinstance(node, ast.FunctionDef):
            yield from _placed(node, "function")
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _placed(node, "types")
        else:
            yield from _placed(node, place)


def room_of(module: str) -> str:
    """The package below the library, or the Slicer module; nothing for the library's public door."""
    first, _, rest = module.partition(".")
    return {SLICER: SLICER, LIBRARY: rest.partition(".")[0]}.get(first, "")


def wrong_ways(root: Path) -> list[str]:
    """Imports that lead up or sideways."""
    floor_of = {room: n for n, rooms in enumerate(FLOORS.split("\n")) for room in rooms.split()}
    wrong = []
    for importer, imported, _ in imports_of(root):
        above, below = room_of(importer), room_of(imported)
        if above not in ("", "__main__", below) and below and floor_of[above] <= floor_of[below]:
            wrong.append(f"{importer} imports {imported}")
    return wrong


def circles(root: Path) -> set[str]:
    """Modules of the library in a circle of imports, or between two circles."""
    pairs = {(i.importer, i.imported) for i in imports_of(root) if room_of(i.imported)} - BOTH_WAYS
    while True:
        within = {a for a, _ in pairs} & {b for _, b in pairs}
        left = {(a, b) for a, b in pairs if a in within and b in within}
        if left == pairs:
            return within
        pairs = left


def needless(root: Path) -> list[str]:
    """Imports of ours inside functions that keep no heavy package away."""
    tops: dict[str, set[str]] = {}
    for importer, imported, place in imports_of(root):
        tops.setdefault(importer, set())
        if place == "top":
            tops[importer].add(imported)

    @cache
    def packages(module: str) -> set[str]:
        """Other packages that are loaded with a module."""
        loaded, queue = set(), [module]
        for name in queue:
            if room_of(name):
                ours = {*tops.get(name, ()), name.rpartition(".")[0]}
                queue += sorted(ours - set(queue))
            else:
                loaded.add(name.partition(".")[0])
        return loaded

    found = []
    for importer, imported, place in imports_of(root):
        if place != "function" or not room_of(imported) or room_of(importer) in LATE:
            continue
        kept_away = (packages(imported) - packages(importer)) & HEAVY
        if not kept_away and (importer, imported) not in BOTH_WAYS:
            found.append(f"{importer} imports {imported} inside a function")
    return found


def test_imports_lead_down():
    assert wrong_ways(ROOT) == []


def test_there_are_no_circles():
    assert circles(ROOT) == set()


def test_imports_inside_functions_keep_a_heavy_package_away():
    assert needless(ROOT) == []


def test_one_import_turned_round_is_found(tmp_path):
    """A small house: its imports are right, then one is turned round, in each of three ways."""

    def write(module: str, text: str) -> Path:
        file = tmp_path / LIBRARY / f"{module}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        imports_of.cache_clear()
        return tmp_path

    write("__init__", "")
    write("image/grid", "import numpy\n")
    write("dose/convolution", "def f():\n    import torch\n")
    write("dose/unet", "import torch\nfrom ..image.grid import Grid\n")
    house = write("dose/method", "def f():\n    from .unet import dose\n")
    assert (wrong_ways(house), circles(house), needless(house)) == ([], set(), [])

    write(
        "image/grid",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..dose import unet\n",
    )
    assert wrong_ways(house) == ["LuDosimetryLib.image.grid imports LuDosimetryLib.dose.unet"]
    assert circles(house) == {"LuDosimetryLib.image.grid", "LuDosimetryLib.dose.unet"}

    write("image/grid", "def f():\n    from ..activity.scans import read\n")
    assert wrong_ways(house) == ["LuDosimetryLib.image.grid imports LuDosimetryLib.activity.scans"]

    write("image/grid", "")
    write("dose/method", "def f():\n    from . import convolution\n")
    assert needless(house) == [
        "LuDosimetryLib.dose.method imports LuDosimetryLib.dose.convolution inside a function"
    ]
