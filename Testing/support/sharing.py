"""How several processes share the tests (pytest-xdist): whole files, and what measures time last."""

from typing import Any

import pytest

MEASURE_TIME = frozenset(
    {
        "Testing/jobs/test_runner.py",
        "Testing/slicer/test_panel_interrupted.py",
        "Testing/test_worker.py",
    }
)
"""Files whose tests hold a clock to what they do; they run one after the other, at the end."""


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def order(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no process is left with one; what measures time last."""
    slow = {_file(item.nodeid) for item in items if item.get_closest_marker("slow")}

    def place(item: pytest.Item) -> int:
        file = _file(item.nodeid)
        return 2 if file in MEASURE_TIME else 0 if file in slow else 1

    items.sort(key=place)


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole files, in the order of the tests; those of `MEASURE_TIME` as if one file."""
    from xdist.scheduler import LoadFileScheduling

    class WholeFiles(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = _file(nodeid)
            return "those that measure time" if file in MEASURE_TIME else file

    config.option.loadscopereorder = False
    return WholeFiles(config, log)
