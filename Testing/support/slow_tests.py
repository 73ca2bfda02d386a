"""Which tests are marked `slow` without being so, and which are slow without the mark.

    ./dev test --junitxml=times.xml && .venv/bin/python Testing/support/slow_tests.py times.xml

Times are those of a test with what it sets up, on a machine that does nothing else.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

SLOW_S = 1.0
"""A test that takes longer is marked."""
CLEARLY_FAST_S = 0.4


def main(results: Path) -> int:
    """Print what is wrongly marked; 1 if there is any."""
    unmarked, marked = [], []
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        seconds, name = float(case.get("time", 0)), f"{case.get('classname')}.{case.get('name')}"
        if case.find("skipped") is not None:
            continue
        is_marked = any(p.get("name") == "slow" for p in case.iter("property"))
        if not is_marked and seconds > SLOW_S:
            unmarked.append((seconds, name))
        if is_marked and seconds < CLEARLY_FAST_S:
            marked.append((seconds, name))
    for title, tests in (("slow, not marked", unmarked), ("marked, not slow", marked)):
        for seconds, name in sorted(tests, reverse=True):
            print(f"{title}: {seconds:6.1f} s  {name}")
    return int(bool(unmarked or marked))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
