"""What is built and installed is what is there."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "LuDosimetryLib"


def test_cmake_lists_every_file():
    text = (LIBRARY / "CMakeLists.txt").read_text()
    listed = re.search(r"set\(SCRIPTS\n(.*?)\s*\)", text, re.DOTALL)[1].split()
    assert sorted(listed) == sorted(
        p.relative_to(LIBRARY).as_posix() for p in LIBRARY.rglob("*.py")
    )


def test_cmake_and_wheel_carry_all_data():
    folders = {path.name for path in (ROOT / "Resources").iterdir() if path.is_dir()} - {"Pictures"}
    cmake = re.search(r"set\(DATA (.*?)\)", (LIBRARY / "CMakeLists.txt").read_text())[1].split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["setuptools"]["package-data"]["LuDosimetryLib.Resources"]
    assert set(cmake) == folders
    assert {pattern.partition("/")[0] for pattern in wheel} == folders


def test_wheel_lists_every_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {
        p.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for p in LIBRARY.rglob("__init__.py")
    }
    listed = set(project["tool"]["setuptools"]["packages"]) - {"LuDosimetryLib.Resources"}
    assert listed == packages
