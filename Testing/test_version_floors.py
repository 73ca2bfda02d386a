"""The oldest versions that pyproject.toml admits are free of the holes that are known."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MENDED_IN = {
    "pydicom": (3, 0, 2),  # paths of a DICOMDIR lead out of its folder
    "torch": (2, 10),  # torch.load runs code, even with weights_only
    "distributed": (2026, 1),  # pages of the dashboard run code
    "onnx": (1, 21),  # links in external data lead out of the folder
}


def floors() -> list[tuple[str, tuple[int, ...]]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    found = []
    for entry in needed:
        match = re.match(r"([\w-]+)>=([\d.]+)", entry)
        assert match, f"{entry} has no floor"
        found.append((match[1].lower(), tuple(int(n) for n in match[2].split("."))))
    return found


@pytest.mark.parametrize("name", MENDED_IN)
def test_floors(name):
    of = [version for package, version in floors() if package == name]
    assert of
    assert all(version >= MENDED_IN[name] for version in of)
