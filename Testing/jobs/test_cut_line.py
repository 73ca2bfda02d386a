"""A line that a killed process leaves cut in the middle is no defect of the program that reads it."""

import sys

import pytest

from LuDosimetryLib.jobs.job_folder import PREFIX
from LuDosimetryLib.jobs.runner import BackgroundRun


@pytest.mark.skipif(sys.platform == "win32", reason="a signal of POSIX")
@pytest.mark.parametrize("line", ['{"progress": {"fract', "{", "", '{"progress": 1'])
def test_a_cut_line_of_a_killed_worker(tmp_path, line):
    worker = tmp_path / "worker"
    worker.write_text(f"#!/bin/sh\nprintf '%s' '{PREFIX}{line}'\nkill -9 $$\n", encoding="utf-8")
    worker.chmod(0o755)
    outcome = BackgroundRun(tmp_path, interpreter=str(worker)).wait(20.0)
    assert outcome.kind == "killed"
