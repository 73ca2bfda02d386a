"""
Time, memory and agreement of the network by ONNX Runtime and by torch, on the CPU.

``.venv/bin/python Testing/support/make_inference_table.py`` writes ``inference.md`` to
``Resources/Validation``; on two cores it takes some ten minutes and 10 GB. Every calculation has a process
of its own.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from LuDosimetryLib import Case, run_case
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.problem import DoseProblem
from LuDosimetryLib.dose.residual.channels import Channels, box_of
from LuDosimetryLib.dose.residual.correction import resampled, trained_grid
from LuDosimetryLib.dose.residual.inference import residual_of
from LuDosimetryLib.dose.residual.model import read_card, read_model
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.lab.phantom.sample import write_sample
from LuDosimetryLib.tissue.nuclide import read_nuclide

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "Resources" / "Validation" / "inference.md"
RUNS = 3
TILES = 4e6
"""As in a run on the CPU."""
ANISOTROPIC_MM = (5.0, 3.9, 3.2)
ENGINES = (("onnxruntime", TILES), ("onnxruntime", np.inf), ("torch", np.inf))
NAMES = {"onnxruntime": "ONNX Runtime", "torch": "torch"}

Fields = tuple[np.ndarray, np.ndarray]


def main() -> None:
    """Measure, and write the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = []
        for what, fields in cases(folder):
            for part, values in zip(("tissue", "linear"), fields, strict=True):
                np.save(folder / f"{part}.npy", values)
            rows += rows_of(what, fields[0].shape[1:], folder)
            print(*rows[-len(ENGINES) :], sep="\n", flush=True)
    OUTPUT.write_text(page(rows), encoding="utf-8")


def cases(folder: Path) -> list[tuple[str, Fields]]:
    """What the network is shown: of the sample case, and of it with other voxels."""
    problem = sample_problem(folder)
    channels = Channels.of(problem, Log())
    linear = channels.linear / np.float32(channels.at_target.max())
    whole = (channels.tissue, linear)
    middle = (slice(None), *(slice(32, 96) for _ in range(3)))
    return [
        ("sample, its middle", tuple(np.ascontiguousarray(f[middle]) for f in whole)),
        ("sample", whole),
        ("sample, eight times", tuple(np.tile(f, (1, 2, 2, 2)) for f in whole)),
        (
            f"sample at {' x '.join(map(str, ANISOTROPIC_MM))} mm, resampled",
            anisotropic_fields(problem),
        ),
    ]  # type: ignore[return-value]


def sample_problem(folder: Path) -> DoseProblem:
    case = Case.read(write_sample(folder / "case", Log())).with_options(
        dose_method="local", compare_with=(), registration="none"
    )
    done = run_case(case)
    nuclide = read_nuclide(case.nuclide)
    return DoseProblem(done.grid, done.tia, done.density, done.reported, nuclide)


def anisotropic_fields(problem: DoseProblem) -> Fields:
    """The sample on flat voxels, and resampled from them to the network's."""
    shape = tuple(
        int(np.ceil(n * s / mm))
        for n, s, mm in zip(
            problem.grid.shape, problem.grid.spacing_mm, ANISOTROPIC_MM, strict=True
        )
    )
    flat = resampled(problem, Grid.axial(shape, ANISOTROPIC_MM, problem.grid.origin_mm))
    grid = trained_grid(flat.grid, read_card().voxel_mm)
    assert grid is not None
    other = resampled(replace(flat, vois={}), grid)
    channels = Channels.of(other, Log())
    box = (slice(None), *box_of(other.reported))
    linear = channels.linear[box] / np.float32(channels.at_target.max())
    return np.ascontiguousarray(channels.tissue[box]), linear


def rows_of(what: str, shape: tuple[int, ...], folder: Path) -> list[dict[str, Any]]:
    """A row for each engine; the differences are from torch."""
    rows = []
    for n, (engine, most) in enumerate(ENGINES):
        command = [sys.executable, __file__, "measure", engine, str(most), str(folder), str(n)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append({"what": what, "shape": shape, "engine": engine, **json.loads(done.stdout)})
    residuals = [np.load(folder / f"residual{n}.npy") for n in range(len(ENGINES))]
    greatest = np.abs(residuals[-1]).max()
    for row, residual in zip(rows, residuals, strict=True):
        row["apart"] = float(np.abs(residual - residuals[-1]).max() / greatest)
    return rows


def measure(engine: str, most_voxels: float, folder: Path, number: str) -> None:
    """Calculate by one engine, in this process; print time, memory and tiles."""
    fields = [np.load(folder / f"{part}.npy") for part in ("tissue", "linear")]
    network = network_by(engine)
    small = [field[:, :16, :16, :16] for field in fields]
    residual_of(network, *small, Log())  # loads what is loaded at the first use
    before_MB = memory_MB("VmRSS")
    runs = []
    for _ in range(RUNS):
        started, cpu_started = time.perf_counter(), time.process_time()
        residual, tiles = residual_of(network, *fields, Log(), most_voxels)
        runs.append((time.perf_counter() - started, time.process_time() - cpu_started))
    peak_MB = memory_MB("VmHWM") - before_MB
    np.save(folder / f"residual{number}.npy", residual)
    seconds, cpu_seconds = (min(times) for times in zip(*runs, strict=True))
    numbers = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_MB": peak_MB, "tiles": tiles}
    print(json.dumps(numbers))


def network_by(engine: str) -> Any:
    if engine == "torch":
        from LuDosimetryLib.dose.residual.torch_network import TorchNetwork, module_of

        return TorchNetwork(module_of(read_model()), "cpu")
    from LuDosimetryLib.dose.residual.onnx_network import OnnxNetwork

    return OnnxNetwork(read_model())


def memory_MB(key: str) -> float:
    """Memory of this process as the Linux kernel states it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024 / 1e6


def page(rows: list[dict[str, Any]]) -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    heads = ("fields", "voxels", "by", "tiles", "time [s]", "CPU time [s]")
    heads += ("peak memory [MB]", "difference")
    lines = [
        "# The network by ONNX Runtime and by torch",
        "",
        f"Residual of the shipped network on the CPU: least time of {RUNS} runs by the clock and summed over the cores,",
        "greatest memory beyond what the process had before with its inputs, and greatest difference from torch",
        "relative to the greatest residual.",
        f"A run on the CPU uses ONNX Runtime in tiles of at most {TILES / 1e6:g} million voxels, with what each must see.",
        "",
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}, "
        f"onnxruntime {version('onnxruntime')}, torch {version('torch')}, numpy {version('numpy')}; load of the machine",
        f"over the last 1, 5 and 15 minutes, this calculation included: {load}.",
        "Made by `Testing/support/make_inference_table.py`.",
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
    ]
    for row in rows:
        cells = (
            row["what"],
            " x ".join(map(str, row["shape"])),
            NAMES[row["engine"]],
            str(row["tiles"]),
            f"{row['seconds']:.2f}",
            f"{row['cpu_seconds']:.2f}",
            f"{row['peak_MB']:.0f}",
            f"{row['apart']:.1e}" if row["engine"] != "torch" else "0",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])
    else:
        main()
