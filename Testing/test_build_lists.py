"""What is built and installed is what is there."""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "LuDosimetryLib"
MODULE = ROOT / "LuDosimetry"
ICON = MODULE / "Resources" / "Icons" / "LuDosimetry.png"


def listed(folder: Path, name: str) -> list[str]:
    """The entries of a list in the CMakeLists.txt of a folder."""
    text = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(rf"set\({name}\n(.*?)\s*\)", text, re.DOTALL)[1].split()


def there(folder: Path, files: Iterable[Path]) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in files)


def test_cmake_lists_every_file():
    assert listed(LIBRARY, "SCRIPTS") == there(LIBRARY, LIBRARY.rglob("*.py"))


def test_cmake_lists_every_script_of_the_module():
    scripts = [*MODULE.glob("*.py"), *(MODULE / "LuDosimetryModule").rglob("*.py")]
    assert listed(MODULE, "SCRIPTS") == there(MODULE, scripts)


def test_cmake_lists_every_resource_of_the_module():
    resources = [
        path
        for path in (MODULE / "Resources").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert listed(MODULE, "RESOURCES") == there(MODULE, resources)


def test_slicer_finds_one_module():
    # every script directly in the folder is loaded as one; a package there would be none
    assert [path.name for path in MODULE.glob("*.py")] == ["LuDosimetry.py"]
    assert not (MODULE / "LuDosimetry.py").read_text(encoding="utf-8").startswith("#!")
    folders = {path.name for path in MODULE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {"LuDosimetryModule", "Resources"}


def test_every_folder_is_built():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.findall(r"add_subdirectory\((\w+)\)", text) == ["LuDosimetryLib", "LuDosimetry"]


def test_extension_metadata():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    values = dict(re.findall(r'set\(EXTENSION_(\w+) "(.+)"\)', text))
    assert set(values) == {
        *("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS")
    }
    assert values["DEPENDS"] == "PyTorch"
    assert re.search(r"^project\(LuDosimetry\)$", text, re.MULTILINE)
    for key in ("ICONURL", "SCREENSHOTURLS"):
        for url in values[key].split():
            assert (ROOT / url.partition("/main/")[2]).is_file(), url


def test_catalog_entry():
    content = (ROOT / "LuDosimetry.json").read_bytes()
    assert b"\r" not in content
    entry = json.loads(content)
    assert entry["$schema"].endswith("/slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["category"] == "Nuclear Medicine"
    assert entry["scm_url"].startswith("https://")
    known = {"$schema", "category", "scm_url", "scm_revision", "build_dependencies"}
    assert set(entry) <= {*known, "build_subdirectory", "enabled", "tier"}


def test_the_icon_is_a_png_of_128_pixels():
    header = ICON.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20]), int.from_bytes(header[20:24])) == (128, 128)


def test_the_library_knows_no_slicer():
    banned = re.compile(r"^\s*(?:import|from)\s+(slicer|qt|ctk|vtk|PySide6)\b", re.MULTILINE)
    found = {
        path.name
        for path in LIBRARY.rglob("*.py")
        if banned.search(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_cmake_and_wheel_carry_all_data():
    folders = {path.name for path in (ROOT / "Resources").iterdir() if path.is_dir()}
    folders -= {"Pictures", "Validation"}  # for readers, not for a run
    cmake = re.search(
        r"set\(DATA (.*?)\)", (LIBRARY / "CMakeLists.txt").read_text(encoding="utf-8")
    )[1].split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["setuptools"]["package-data"]["LuDosimetryLib.Resources"]
    assert set(cmake) == folders
    assert {pattern.partition("/")[0] for pattern in wheel} == folders


def test_wheel_lists_every_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {
        p.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for p in LIBRARY.rglob("__init__.py")
    }
    listed = set(project["tool"]["setuptools"]["packages"]) - {"LuDosimetryLib.Resources"}
    assert listed == packages
