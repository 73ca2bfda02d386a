"""Write qt5_members.json: run in an environment with PyQt5, which is needed for nothing else.

    python -m venv q && q/bin/pip install PyQt5 && q/bin/python write_qt5_members.py

Lists, for every class of Qt that a panel may use, its properties, signals and further members in
Qt 5.15. To let the module use another class, add its name to CLASSES and run this again.
"""

import json
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

FILE = Path(__file__).with_name("qt5_members.json")
# the classes are those that the file lists already, and what is added here
CLASSES: tuple[str, ...] = ()


def find(name: str) -> Any:
    """A class of PyQt5 by its name."""
    return next((getattr(m, name) for m in (QtWidgets, QtGui, QtCore) if hasattr(m, name)), None)


def entry(cls: Any) -> dict[str, str]:
    """Bases, properties, signals, slots and further members, each as words in a row."""
    found: dict[str, str] = {}
    bases = [b.__name__ for b in cls.__mro__[1:] if b.__name__.startswith("Q")]
    names = sorted(name for name in cls.__dict__ if not name.startswith("_"))
    taken: set[str] = set()
    if bases:
        found["bases"] = bases[0]
    if issubclass(cls, QtCore.QObject):
        meta = cls.staticMetaObject
        methods = [meta.method(i) for i in range(meta.methodOffset(), meta.methodCount())]
        signals = {
            bytes(m.methodSignature()).decode() for m in methods if m.methodType() == m.Signal
        }
        public = [m for m in methods if m.methodType() != m.Signal and m.access() == m.Public]
        properties = [
            meta.property(i).name() for i in range(meta.propertyOffset(), meta.propertyCount())
        ]
        found["properties"] = " ".join(properties)
        found["signals"] = " ".join(sorted(signals))
        found["slots"] = " ".join(sorted({bytes(m.methodSignature()).decode() for m in public}))
        taken = set(properties) | {s.split("(")[0] for s in signals}
    found["members"] = " ".join(name for name in names if name not in taken)
    return {key: words for key, words in found.items() if words}


def main() -> None:
    """Write the file anew."""
    wanted = set(CLASSES) | (
        set(json.loads(FILE.read_text(encoding="utf-8"))) if FILE.exists() else set()
    )
    todo, done = sorted(wanted), {}
    while todo:
        name = todo.pop()
        if name not in done and find(name) is not None:
            done[name] = entry(find(name))
            todo += done[name].get("bases", "").split()
    lines = [f'"{name}": {json.dumps(done[name])}' for name in sorted(done)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
