"""The residual network as a dose method: with its weights, without them, and without its packages."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LuDosimetryLib.base.errors import DONE, INVALID
from LuDosimetryLib.base.resources import resource
from LuDosimetryLib.commands.main import main
from LuDosimetryLib.dose.registry import lack_of
from LuDosimetryLib.dose.residual import model
from LuDosimetryLib.dose.residual.model import CARD

from ..support.doses import dose_by

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys
from importlib.machinery import PathFinder


class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {packages}:
            {answer}
        return super().find_spec(name, path, target)


sys.meta_path[:] = [Without if f is PathFinder else f for f in sys.meta_path]
"""
TRAINING_ONLY = ("torch", "onnx")
ABSENT = "return None"


def values(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def python(folder, packages, answer, *arguments):
    """Run a Python whose site customisation keeps packages away."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(
        WITHOUT.format(packages=packages, answer=answer), encoding="utf-8"
    )
    return subprocess.run(
        [sys.executable, *arguments],
        env={"PYTHONPATH": f"{site}:{ROOT}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ABSENT, "is not installed (pip install onnxruntime; in 3D Slicer: the button"),
        (
            "from importlib.machinery import ModuleSpec; from importlib.abc import Loader\n"
            "            class Broken(Loader):\n"
            "                def exec_module(self, module):\n"
            "                    raise OSError('libstdc++.so.6: cannot open shared object file')\n"
            "            return ModuleSpec(name, Broken())",
            "cannot be loaded (libstdc++.so.6: cannot open shared object file)",
        ),
    ],
)
def test_without_onnxruntime(case_folder, tmp_path, answer, reason):
    """Refused where it was asked for; the default method is replaced, with one sentence."""
    case_folder.change("options", "dose_method", to="unet")
    run = ("-m", "LuDosimetryLib", "run", str(case_folder.file), "-o", str(tmp_path / "result"))
    done = python(tmp_path, ("onnxruntime",), answer, *run)
    assert done.returncode == INVALID, done.stderr
    assert done.stderr.startswith(
        "ludosimetry: the dose method 'unet' is not available: onnxruntime, which it needs, is"
    )
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "result").exists()

    del case_folder.data["options"]["dose_method"]
    case_folder.write()
    done = python(tmp_path, ("onnxruntime",), answer, *run)
    assert done.returncode == DONE, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning ")]
    (sentence,) = (line for line in warnings if "onnxruntime" in line)
    sentence = re.sub(r"^warning \d+: ", "", sentence)
    assert reason in sentence
    assert "Traceback" not in done.stderr
    summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
    assert summary["dose_method"] == "photon-transport"
    assert sentence in summary["warnings"]
    case_folder.change("options", "dose_method", to="photon-transport")
    assert main(["run", str(case_folder.file), "-o", str(tmp_path / "plain")]) == DONE
    np.testing.assert_allclose(
        values(tmp_path / "result" / "dose.nrrd"),
        values(tmp_path / "plain" / "dose.nrrd"),
        rtol=1e-5,
    )


@pytest.mark.slow
def test_all_but_training_and_cuda_is_imported_without_torch_and_onnx(tmp_path):
    code = """
import importlib, pkgutil, LuDosimetryLib
failed = []
for module in pkgutil.walk_packages(LuDosimetryLib.__path__, "LuDosimetryLib."):
    try:
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        failed.append(module.name + " " + str(error.name))
print(*sorted(failed), sep="\\n")
"""
    done = python(tmp_path, TRAINING_ONLY, ABSENT, "-c", code)
    assert done.returncode == 0, done.stderr
    found = {
        tuple(line.removeprefix("LuDosimetryLib.").split())
        for line in done.stdout.splitlines()
        if line.endswith(TRAINING_ONLY)
    }
    assert {package for _, package in found} == set(TRAINING_ONLY)
    training = ("patches", "training", "crossvalidation", "model_folder", "onnx_export", "release")
    assert {name for name, _ in found} == {
        *("dose.residual.network", "dose.residual.torch_network"),
        *(f"lab.training.{name}" for name in training),
    }


@pytest.mark.slow
def test_a_run_on_the_cpu_needs_neither_torch_nor_onnx(case_folder, tmp_path):
    case_folder.change("options", "dose_method", to="unet")
    case_folder.change("options", "device", to="cpu")
    run = ("-m", "LuDosimetryLib", "run", str(case_folder.file), "-o", str(tmp_path / "result"))
    done = python(tmp_path, TRAINING_ONLY, ABSENT, *run)
    assert done.returncode == DONE, done.stderr
    summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
    assert summary["dose_method"] == "unet"
    assert summary["provenance"]["unet"]["calculated_on"].startswith("cpu")


@pytest.mark.parametrize("verb", [("train", "data"), ("crossvalidate", "data")])
def test_training_without_torch(tmp_path, verb):
    run = ("-m", "LuDosimetryLib", *verb, "-o", str(tmp_path / "out"))
    done = python(tmp_path, ("torch",), ABSENT, *run)
    assert done.returncode == INVALID
    assert done.stderr == (
        "ludosimetry: the network cannot be trained or tested: torch is not installed (pip install torch).\n"
    )
    assert not (tmp_path / "out").exists()


class TestWithOnnxRuntime:
    @pytest.fixture(autouse=True)
    def _onnxruntime(self):
        pytest.importorskip("onnxruntime")

    def test_nothing_is_lacking(self):
        assert lack_of("unet") is None
        assert lack_of("multi-vsv") is None

    def test_an_installation_without_weights_is_told(self, case_folder, refused, monkeypatch):
        monkeypatch.setattr(model, "CARD", ("Models", "absent.json"))
        case_folder.change("options", "dose_method", to="unet")
        assert "choose the dose method photon-transport, which needs no network" in refused()

    def test_weights_that_are_damaged(self, case_folder, refused, monkeypatch, tmp_path):
        copy = tmp_path / "model"
        shutil.copytree(resource(*CARD).parent, copy)
        (copy / "residual.onnx").write_bytes(b"rotten")
        monkeypatch.setattr(
            model,
            "resource",
            lambda *parts: copy / parts[-1] if parts == CARD else resource(*parts),
        )
        case_folder.change("options", "dose_method", to="unet")
        assert "are damaged or not those of residual.json" in refused()

    @pytest.mark.slow
    @pytest.mark.parametrize("given", ["folder", "card", "weights"])
    def test_a_network_of_the_user_s_own(self, case_folder, tmp_path, given):
        """Paths in a case file are relative to it; the network is another in its name and bounds."""
        own = case_folder.file.parent / "networks" / "own"
        shutil.copytree(resource(*CARD).parent, own)
        card = json.loads((own / "residual.json").read_text(encoding="utf-8"))
        card |= {"name": "own", "bounds": [0.999, 1.001]}
        (own / "residual.json").write_text(json.dumps(card), encoding="utf-8")
        names = {"folder": "", "card": "/residual.json", "weights": "/residual.onnx"}
        case_folder.change("options", "dose_method", to="unet")
        case_folder.change("options", "model", to=f"networks/own{names[given]}")
        arguments = ["run", str(case_folder.file), "-o", str(tmp_path / "result")]
        assert main(arguments) == DONE
        summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
        assert summary["provenance"]["model"].startswith("own sha256 ")
        # the bounds are narrower than the shipped ones
        assert summary["provenance"]["unet"]["bounded_voxels_percent"] > 50.0

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"nuclide": "Y-90"}, "was trained for Y-90, not for Lu-177; choose photon-transport"),
            ({"sha256": "0" * 64}, "expected 000000000000...; give the folder, the card or"),
            ({"schema": "ludosimetry-model/1"}, "its schema is 'ludosimetry-model/1', expected"),
        ],
    )
    def test_a_network_that_cannot_be_used(self, case_folder, refused, tmp_path, change, reason):
        own = tmp_path / "own"
        shutil.copytree(resource(*CARD).parent, own)
        card = json.loads((own / "residual.json").read_text(encoding="utf-8"))
        (own / "residual.json").write_text(json.dumps({**card, **change}), encoding="utf-8")
        case_folder.change("options", "dose_method", to="unet")
        case_folder.change("options", "model", to=str(own))
        assert reason in refused()

    def test_a_network_that_is_not_there(self, case_folder, refused):
        case_folder.change("options", "dose_method", to="unet")
        case_folder.change("options", "model", to="nowhere")
        assert "there is no network at" in refused()


class TestShippedNetwork:
    @pytest.fixture(autouse=True)
    def _shipped(self):
        pytest.importorskip("onnxruntime")

    @pytest.mark.slow
    def test_result_folder(self, case_folder, tmp_path, capfd):
        case_folder.change("options", "dose_method", to="unet")
        case_folder.change("options", "compare_with", to=["multi-vsv", "photon-transport"])
        output = tmp_path / "result"
        assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
        summary = json.loads((output / "result.json").read_text(encoding="utf-8"))
        assert summary["dose_method"] == "unet"
        how = summary["provenance"]["unet"]
        assert " sha256 " in how["model"]
        assert how["calculated_on"].startswith("cpu, residual from a grid of 3.87 mm")
        assert how["bounded_voxels_percent"] < 5.0
        dose, multi, transport = (
            values(output / name)
            for name in ("dose.nrrd", "dose_multi-vsv.nrrd", "dose_photon-transport.nrrd")
        )
        assert (dose >= 0.0).all()
        assert not np.array_equal(dose, multi)
        # of transport the network changes the dose of electrons only, which it bounds
        low, _ = model.read_card(resource(*CARD)).bounds
        assert (dose >= 0.2 * low * transport).all()
        for organ in summary["organs"]:
            before = organ["dose_by_method_Gy"]["photon-transport"]
            percent = 100.0 * (organ["mean_dose_Gy"] / before - 1.0)
            assert how["correction_percent"][organ["name"]] == pytest.approx(percent, abs=0.01)
        # soft organs need little
        assert abs(how["correction_percent"]["kidney"]) < 3.0

    @pytest.mark.slow
    def test_its_correction_is_that_of_the_activity_with_recovery(self, case_folder, tmp_path):
        """Though the dose without recovery is calculated by the network, too."""
        case_folder.change("options", "dose_method", to="unet")
        case_folder.change("options", "compare_with", to=["photon-transport"])
        case_folder.change("options", "spect_resolution_mm", to=15.0)
        assert main(["run", str(case_folder.file), "-o", str(tmp_path / "result")]) == DONE
        summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
        for organ in summary["organs"]:
            before = organ["dose_by_method_Gy"]["photon-transport"]
            percent = 100.0 * (organ["mean_dose_Gy"] / before - 1.0)
            assert organ["network_correction_percent"] == pytest.approx(percent, abs=0.002)
            correction = summary["provenance"]["unet"]["correction_percent"][organ["name"]]
            assert organ["network_correction_percent"] == correction

    @pytest.mark.slow
    def test_twice_the_activity_twice_the_dose(self, mixed_problem):
        from dataclasses import replace

        once = dose_by("unet", mixed_problem)
        doubled = replace(mixed_problem, tia_MBq_h_mL=2 * mixed_problem.tia_MBq_h_mL)
        twice = dose_by("unet", doubled)
        np.testing.assert_allclose(twice, 2 * once, rtol=1e-5, atol=1e-6 * once.max())

    @pytest.mark.slow
    def test_superposition(self, mixed_problem):
        """Where no bound is reached, doses of two activities add up."""
        from dataclasses import replace

        one = mixed_problem.tia_MBq_h_mL * (mixed_problem.tia_MBq_h_mL < 100.0)
        other = mixed_problem.tia_MBq_h_mL - one
        doses = [
            dose_by("unet", replace(mixed_problem, tia_MBq_h_mL=tia))
            for tia in (one, other, mixed_problem.tia_MBq_h_mL)
        ]
        apart = np.abs(doses[0] + doses[1] - doses[2])[mixed_problem.reported]
        assert np.median(apart / doses[2][mixed_problem.reported]) < 1e-4

    @pytest.mark.slow
    def test_not_far_from_monte_carlo_on_a_patient_unlike_all(self, mixed_problem):
        """Blocks of noise up to the border of the image: lung is some 6 % off, the rest 1 %."""
        pytest.importorskip("ompmc")
        from dataclasses import replace

        from LuDosimetryLib.dose.problem import Effort

        problem = replace(mixed_problem, effort=Effort(histories=400_000))
        found = dose_by("monte-carlo", problem)
        dose = dose_by("unet", problem)
        density = problem.density_g_cm3
        for low, high, allowed in ((0.05, 0.6, 0.08), (0.6, 1.1, 0.02), (1.1, 3.0, 0.02)):
            mass = density * (problem.reported & (density >= low) & (density < high))
            expected = float((found * mass).sum(dtype=float))
            assert float((dose * mass).sum(dtype=float)) == pytest.approx(expected, rel=allowed)
