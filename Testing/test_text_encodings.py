"""Text files are read and written in the encoding that is named, not in that of the machine."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {"read_text", "write_text"}
STREAMS = {"open", "fdopen"}
NO_PATHS = {"gzip", "os", "host", "loaded"}
"""What has a function `open` that opens no text: bytes, descriptors, the module's panel."""


def _first_name(node: ast.AST) -> str:
    """Name that a chain of attributes and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return getattr(node, "id", "")


def _unnamed(call: ast.Call) -> bool:
    """Whether a call reads or writes text without naming its encoding."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if "encoding" in keywords or name not in FILES | STREAMS:
        return False
    if name in FILES:
        return True
    if name == "open" and _first_name(call.func) in NO_PATHS:
        return False
    modes = [a.value for a in (*call.args, *keywords.values()) if isinstance(a, ast.Constant)]
    return not any(isinstance(mode, str) and "b" in mode for mode in modes)


def encodings_not_named(source: str) -> list[int]:
    """Lines of the calls that read or write text in the machine's encoding."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return sorted(call.lineno for call in calls if _unnamed(call))


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["LuDosimetry", "LuDosimetryLib", "Testing"])
def test_every_text_file_has_its_encoding(folder):
    found = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (lines := encodings_not_named(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_it_finds_them():
    source = 'p.write_text("ä")\np.open()\np.open("rb")\nopen(p, "w", encoding="utf-8")\nopen(p)'
    assert encodings_not_named(source) == [1, 2, 5]
