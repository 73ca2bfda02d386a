"""The module's files against what exists in Slicer, without running the panel.

Every widget of the .ui file and every member that the code uses of a widget, of `qt`, `ctk`,
`slicer.app`, `slicer.util` and of MRML classes must exist in Slicer 5.12 with Qt 5.15 and Qt 6; and
the library must do without Slicer.
"""

import ast
import importlib
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from enum import EnumMeta
from pathlib import Path
from typing import Any

import ctk
import pytest
import qt
import slicer
from slicer_host import members
from slicer_host.ui_file import UiLoader

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "LuDosimetry"
UI = MODULE / "Resources" / "UI" / "LuDosimetry.ui"
SOURCES = sorted(MODULE.rglob("*.py"))


def _listed() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(
        "listed_members", Path(__file__).with_name("listed_members.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["listed_members"] = module
    spec.loader.exec_module(module)
    return module.LISTED


LISTED = _listed()


def standin(name: str) -> type:
    """The host's class of this name."""
    if name == "qSlicerApplication":
        return type(slicer.app)
    if name == "LayoutManager":
        return type(slicer.app.layoutManager())
    found = UiLoader.standins.get(name)
    assert found is not None, name
    return found


def widgets() -> dict[str, type]:
    """Classes of the named widgets of the .ui file."""
    loader = UiLoader()
    return {
        e.get("name", ""): loader._class(e.get("class", ""))
        for e in ET.parse(UI).getroot().iter("widget")
    }


def allowed(cls: type, member: str) -> str:
    """What a member is, or `none`: of stand-ins the listed ones, and what Qt's class has."""
    listed = LISTED.get(cls.__name__)
    if listed is None:
        return members.kind_of(cls, member)
    if member in listed.properties.split():
        return "property"
    if member in listed.methods.split():
        return "method"
    if member in {s.split("(")[0] for s in listed.signals}:
        return "signal"
    return next(
        (members.kind_of(base, member) for base in cls.__mro__ if members.is_qt(base)), "none"
    )


def trees() -> Iterator[tuple[Path, ast.AST]]:
    for path in SOURCES:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def chain(node: ast.AST) -> list[str]:
    """`a.b.c` as ["a", "b", "c"]; calls on the way are kept as "()"."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        inner = chain(node.value)
        return [*inner, node.attr] if inner else []
    if isinstance(node, ast.Call):
        inner = chain(node.func)
        return [*inner, "()"] if inner else []
    return []


def chains() -> Iterator[tuple[str, list[str]]]:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, (ast.Attribute, ast.Call)):
                found = chain(node)
                if found:
                    yield f"{path.name}:{node.lineno}", found


@pytest.mark.parametrize("name", sorted(LISTED))
def test_stand_ins_have_the_listed_members(name: str) -> None:
    cls, listed = standin(name), LISTED[name]
    for member in listed.properties.split():
        assert members.kind_of(cls, member) == "property", f"{name}.{member}"
    for member in listed.methods.split():
        assert members.kind_of(cls, member) == "method", f"{name}.{member}"
        assert callable(getattr(cls, member)), f"{name}.{member}"
    for signal in listed.signals:
        assert signal in members.signals_of(cls), f"{name}.{signal}"


def test_the_ui_file_loads_and_uses_listed_members() -> None:
    assert slicer.util.loadUI(str(UI)).className() == "qMRMLWidget"
    for element in ET.parse(UI).getroot().iter("widget"):
        cls = UiLoader()._class(element.get("class", ""))
        for prop in element.iterfind("property"):
            name = prop.get("name", "")
            if prop.get("stdset") != "0":
                assert allowed(cls, name) == "property", f"{element.get('name')}.{name}"


def test_every_parameter_name_of_the_ui_file_is_a_parameter(panel: Any) -> None:
    known = panel.logic.getParameterNode().allParameters
    for element in ET.parse(UI).getroot().iterfind(".//property[@name='SlicerParameterName']"):
        assert element.findtext("string") in known


def test_members_of_widgets_that_the_code_uses_exist() -> None:
    named = widgets()
    seen = 0
    for where, found in chains():
        for place, part in enumerate(found[:-1]):
            if part != "ui" or found[place + 1] not in named or place + 2 >= len(found):
                continue
            cls, member = named[found[place + 1]], found[place + 2]
            if member == "()":
                continue
            seen += 1
            kind = allowed(cls, member)
            assert kind != "none", f"{where}: {cls.__name__} has no {member}"
            called = place + 3 < len(found) and found[place + 3] == "()"
            assert not (called and kind == "property"), f"{where}: {member} is a property"
    assert seen > 20


def test_signals_that_the_code_connects_exist() -> None:
    named = widgets()
    for path, tree in trees():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and chain(node.func)[-1:] == ["connect"]):
                continue
            found = chain(node.func)
            if len(found) < 3 or found[-2] not in named or found[-3] != "ui":
                continue
            signal = node.args[0]
            if isinstance(signal, ast.Constant):
                cls = named[found[-2]]
                text = str(signal.value).replace(" ", "")
                assert text in members.signals_of(cls), f"{path.name}:{node.lineno}: {text}"


def test_names_of_qt_ctk_and_slicer_exist() -> None:
    roots = {"qt": qt, "ctk": ctk}
    for where, found in chains():
        if found[0] in roots and len(found) > 1:
            assert hasattr(roots[found[0]], found[1]), f"{where}: {'.'.join(found)}"
            if len(found) > 2 and found[2] != "()":
                owner = getattr(roots[found[0]], found[1])
                assert hasattr(owner, found[2]), f"{where}: {'.'.join(found)}"
                # Qt 5 knows the values of an enum only in the class around it
                scoped = isinstance(getattr(owner, found[2]), EnumMeta) and found[3:4] not in (
                    [],
                    ["()"],
                )
                assert not scoped, f"{where}: {'.'.join(found)} is written as only Qt 6 has it"
        if found[:2] == ["slicer", "util"] and len(found) > 2:
            assert hasattr(slicer.util, found[2]), f"{where}: {'.'.join(found)}"
        if found[0] == "slicer" and len(found) > 1 and found[1].startswith("vtk"):
            assert hasattr(slicer, found[1]), f"{where}: {'.'.join(found)}"
            if len(found) > 2 and found[2] != "()":
                assert hasattr(getattr(slicer, found[1]), found[2]), f"{where}: {'.'.join(found)}"


def test_members_of_the_application_are_listed() -> None:
    for where, found in chains():
        if found[:2] != ["slicer", "app"] or len(found) < 3:
            continue
        assert allowed(type(slicer.app), found[2]) != "none", f"{where}: slicer.app.{found[2]}"
        if found[2:4] == ["layoutManager", "()"] and len(found) > 4:
            assert allowed(type(slicer.app.layoutManager()), found[4]) != "none", (
                f"{where}: {found[4]}"
            )


def test_no_style_sheets() -> None:
    for path in [*SOURCES, UI]:
        assert "styleSheet" not in path.read_text(encoding="utf-8"), path.name


def test_only_the_module_lies_in_its_folder() -> None:
    assert [p.name for p in MODULE.glob("*.py")] == ["LuDosimetry.py"]
    assert not (MODULE / "LuDosimetry.py").read_text(encoding="utf-8").startswith("#!")


def test_texts_are_translated_by_literal() -> None:
    """`_(…)` is found by the translators' tools only around plain text, with names in braces."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "_"
            ):
                (text,) = node.args
                assert isinstance(text, ast.Constant), f"{path.name}:{node.lineno}"


SLICER_ONLY = {"slicer", "slicer_core", "qt", "ctk", "vtk", "vtkmodules", "PySide6"}


def test_the_library_names_nothing_of_slicer() -> None:
    for path in sorted((ROOT / "LuDosimetryLib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            roots = {name.split(".")[0] for name in names}
            assert not roots & SLICER_ONLY, f"{path.name}:{node.lineno}"


@pytest.mark.slow
def test_the_library_runs_without_slicer() -> None:
    """Every module can be imported where Slicer's modules cannot; torch and the like are left out."""
    code = f"""
import sys, pkgutil, importlib
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {SLICER_ONLY!r}:
            raise ImportError('the library asks for ' + name)
        if name.split('.')[0] in {{'torch', 'ompmc', 'distributed', 'matplotlib'}}:
            raise ImportError('left out')
sys.meta_path.insert(0, Refuse())
import LuDosimetryLib
for module in pkgutil.walk_packages(LuDosimetryLib.__path__, 'LuDosimetryLib.'):
    if module.name.endswith('__main__'):
        continue
    try:
        importlib.import_module(module.name)
    except Exception as error:
        assert 'the library asks for' not in str(error), f'{{module.name}}: {{error}}'
print('done')
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.strip() == "done", done.stderr[-2000:]
