import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_library_loads_without_the_dicom_packages():
    modules = (
        "LuDosimetryLib.pipeline, LuDosimetryLib.commands.main, LuDosimetryLib.dicom.case_import"
    )
    code = (
        f"import sys, {modules}; sys.exit('pydicom' in sys.modules or 'highdicom' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
