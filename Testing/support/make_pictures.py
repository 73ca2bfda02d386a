"""Pictures of the Slicer module: `./dev pictures` writes them to Resources/Pictures.

The panel is drawn by Qt in its states (empty, filled, running, finished, error), the slice views by
Slicer's own displayable managers, the plots by VTK's charts; all off screen, with the bundled sample
case calculated by the real worker. Needs the packages of the extra `slicer` and a font.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Slicer's package takes every folder "slicer" on the path for a part of itself, so that of the tests too
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != ROOT / "Testing"]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
PANEL_WIDTH = 520
SLICE_SIZE = (500, 400)
ZOOM = 1.3
"""Into the slice views: about the patient's body lies much air."""


def start_host() -> Any:
    """The host of the tests, with a fresh scene."""
    folder = ROOT / "Testing" / "support" / "slicer_host"
    spec = importlib.util.spec_from_file_location(
        "slicer_host", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["slicer_host"] = module
    spec.loader.exec_module(module)
    return module.start()


def sample_case(folder: Path) -> Path:
    """The bundled sample case, written out."""
    command = [sys.executable, "-m", "LuDosimetryLib", "sample", "-o", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return folder / "case.json"


class Camera:
    """Takes the pictures."""

    def __init__(self, folder: Path, column: Any) -> None:
        self.folder, self.column = folder, column

    def panel(self, name: str) -> None:
        """The whole panel, as tall as it wants to be."""
        from slicer_host.event_loop import process_events
        from slicer_host.plain import raw

        area = next((w for w in self.column.findChildren("QScrollArea")), None)
        inside = self.column if area is None else raw(area, "widget")()
        raw(self.column, "resize")(PANEL_WIDTH, 400)
        process_events()
        height = max(raw(inside, "sizeHint")().height(), raw(inside, "minimumSizeHint")().height())
        extra = 40 if area is not None else 0
        raw(self.column, "resize")(PANEL_WIDTH, height + extra)
        process_events()
        path = self.folder / f"panel-{name}.png"
        raw(self.column, "grab")().save(str(path))
        print(path)


def side_by_side(images: list[Any], path: Path) -> None:
    """Several VTK images in one row."""
    import vtk

    append = vtk.vtkImageAppend()
    append.SetAppendAxis(0)
    for image in images:
        append.AddInputData(image)
    writer = vtk.vtkPNGWriter()
    writer.SetFileName(str(path))
    writer.SetInputConnection(append.GetOutputPort())
    writer.Write()
    print(path)


def plots(folder: Path) -> None:
    """Every plot chart of the scene."""
    import slicer
    from slicer_host.charts import chart_image

    for chart in slicer.util.getNodesByClass("vtkMRMLPlotChartNode"):
        name = "".join(c if c.isalnum() else "-" for c in chart.GetName().lower()).strip("-")
        side_by_side([chart_image(chart, 640, 440)], folder / f"plot-{name}.png")


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "Resources" / "Pictures")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    host = start_host()
    host.new_scene()
    from slicer_host.event_loop import process_events, wait_until
    from slicer_host.fonts import check_fonts
    from slicer_host.scene import add_file_colors
    from slicer_host.views import open_views

    check_fonts()
    add_file_colors(host.scene)
    views = open_views(host.scene, *SLICE_SIZE)
    for view in views.values():
        view.show()
    loaded = host.load(ROOT / "LuDosimetry" / "LuDosimetry.py")
    panel = loaded.open()
    camera = Camera(folder, loaded.panel)
    camera.panel("empty")
    with tempfile.TemporaryDirectory() as temporary:
        case = sample_case(Path(temporary) / "case")
        panel.logic.loadCase(case)
        process_events()
        camera.panel("filled")
        panel.ui.runButton.click()
        wait_until(lambda: panel.job is None or panel.ui.progressBar.value > 300, 600)
        camera.panel("running")
        wait_until(lambda: panel.job is None, 1800)
        camera.panel("finished")
        for view in views.values():
            node = view.logic.GetSliceNode()
            across, up, depth = node.GetFieldOfView()
            node.SetFieldOfView(across / ZOOM, up / ZOOM, depth)
        side_by_side([view.image() for view in views.values()], folder / "slices-dose.png")
        plots(folder)
        os.environ["LUDOSIMETRY_PYTHON"] = "/no/such/python"
        panel.ui.runButton.click()
        wait_until(lambda: panel.job is None, 60)
        camera.panel("error")
    for problem in host.failures():
        print(problem, file=sys.stderr)
    host.close()


if __name__ == "__main__":
    main()
