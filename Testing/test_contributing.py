"""The page for contributors names what is there."""

import re
from pathlib import Path

import pytest

from .test_rooms import FLOORS, LIBRARY, ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROOMS = [path.parent.name for path in sorted((ROOT / LIBRARY).glob("*/__init__.py"))]
PATHS = sorted(set(re.findall(r"`([\w./-]+/[\w.-]*)`", PAGE)))


def test_the_table_has_every_room_in_the_order_of_imports():
    table = PAGE.partition("## Rooms")[2].partition("## Where")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    listed = [name for cell in first for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == ROOMS
    floor = {
        room: n for n, rooms in enumerate(FLOORS.strip().splitlines()) for room in rooms.split()
    }
    assert [floor[room] for room in listed] == sorted(floor[room] for room in listed)


@pytest.mark.parametrize("path", [path for path in PATHS if "NAME" not in path])
def test_every_path_leads_somewhere(path):
    assert any((base / path).exists() for base in (ROOT, ROOT / LIBRARY, ROOT / LIBRARY / "dose"))


def test_the_recipes_name_files_and_words_of_the_code():
    words = {
        "DoseProblem": "dose/problem.py",
        "MethodDose": "dose/problem.py",
        "IntegrationProblem": "activity/integration.py",
        "TimeIntegral": "activity/integration.py",
        "OrganDose": "organs/quantities.py",
        "QUANTITIES": "organs/quantities.py",
        "Log": "base/log.py",
        "InvalidInput": "base/errors.py",
    }
    for word, file in words.items():
        assert f"`{word}`" in PAGE
        source = (ROOT / LIBRARY / file).read_text(encoding="utf-8")
        assert re.search(rf"^(class )?{word}\b", source, re.MULTILINE), word


def test_it_is_one_page():
    assert len(PAGE.splitlines()) <= 120


def test_folders_of_tests_are_those_of_rooms():
    folders = {p.name for p in Path(ROOT / "Testing").iterdir() if list(p.rglob("test_*.py"))}
    assert folders - {"slicer"} <= set(ROOMS)
