"""What a run of the tests left out, in plain words."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any


def not_run(skipped: Iterable[Any]) -> list[str]:
    """
    Lines for the end of a run, the most frequent reason first; none if nothing was skipped.

    Parameters
    ----------
    skipped : iterable of pytest.TestReport or pytest.CollectReport
        A report of collection stands for a whole file.
    """
    counted: Counter[tuple[str, str, bool]] = Counter()
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        whole_file = report.when not in {"setup", "call", "teardown"}
        parts = PurePosixPath(report.nodeid.partition("::")[0]).parts
        room = parts[1] if len(parts) > 2 else parts[-1]
        counted[reason.removeprefix("Skipped: "), room, whole_file] += 1
    if not counted:
        return ["No test was skipped."]
    lines = ["Not run on this machine:"]
    for (reason, room, whole_file), n in counted.most_common():
        what = "whole files" if whole_file else "1 test" if n == 1 else f"{n} tests"
        lines.append(f"  {what} in {room}: {reason}")
    return lines
