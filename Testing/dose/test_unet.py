"""The residual network as a dose method: with its weights, without them, and without torch."""

import json
import re
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
WITHOUT_TORCH = """
import sys
from importlib.machinery import PathFinder


class WithoutTorch(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            {answer}
        return super().find_spec(name, path, target)


sys.meta_path[:] = [WithoutTorch if f is PathFinder else f for f in sys.meta_path]
"""


def values(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def python(folder, answer, *arguments):
    """Run a Python whose site customisation keeps torch away."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(WITHOUT_TORCH.format(answer=answer), encoding="utf-8")
    return subprocess.run(
        [sys.executable, *arguments],
        env={"PYTHONPATH": f"{site}:{ROOT}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


ABSENT = "return None"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ABSENT, "is not installed (pip install torch"),
        (
            "from importlib.machinery import ModuleSpec; from importlib.abc import Loader\n"
            "            class Broken(Loader):\n"
            "                def exec_module(self, module):\n"
            "                    raise OSError('libgomp.so.1: cannot open shared object file')\n"
            "            return ModuleSpec(name, Broken())",
            "cannot be loaded (libgomp.so.1: cannot open shared object file)",
        ),
    ],
)
def test_without_torch_the_multi_vsv_dose_and_one_sentence(case_folder, tmp_path, answer, reason):
    case_folder.change("options", "dose_method", to="unet")
    arguments = ("-m", "LuDosimetryLib", "run", str(case_folder.file), "-o")
    done = python(tmp_path, answer, *arguments, str(tmp_path / "result"))
    assert done.returncode == DONE, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning ")]
    (sentence,) = (line for line in warnings if "torch" in line)
    sentence = re.sub(r"^warning \d+: ", "", sentence)
    assert sentence.startswith("the dose method 'unet' is not available: torch, which it")
    assert reason in sentence
    assert sentence.endswith("; the dose is that of 'multi-vsv', uncorrected.")
    assert "Traceback" not in done.stderr
    summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
    assert summary["dose_method"] == "multi-vsv"
    assert sentence in summary["warnings"]
    case_folder.change("options", "dose_method", to="multi-vsv")
    assert main(["run", str(case_folder.file), "-o", str(tmp_path / "plain")]) == DONE
    np.testing.assert_array_equal(
        values(tmp_path / "result" / "dose.nrrd"), values(tmp_path / "plain" / "dose.nrrd")
    )


def test_all_but_the_network_itself_is_imported_without_torch(tmp_path):
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
    done = python(tmp_path, ABSENT, "-c", code)
    assert done.returncode == 0, done.stderr
    found = {line for line in done.stdout.splitlines() if line.endswith(" torch")}
    expected = {f"dose.residual.{name}" for name in ("inference", "network")}
    expected |= {f"lab.training.{name}" for name in ("patches", "training", "crossvalidation")}
    assert found == {f"LuDosimetryLib.{name} torch" for name in expected}


@pytest.mark.parametrize("verb", [("train", "data"), ("crossvalidate", "data")])
def test_training_without_torch(tmp_path, verb):
    done = python(tmp_path, ABSENT, "-m", "LuDosimetryLib", *verb, "-o", str(tmp_path / "out"))
    assert done.returncode == INVALID
    assert done.stderr.startswith("ludosimetry: the network cannot be trained: torch, which it")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


class TestWithTorch:
    @pytest.fixture(autouse=True)
    def _torch(self):
        pytest.importorskip("torch").set_num_threads(1)

    def test_nothing_is_lacking(self):
        assert lack_of("unet") is None
        assert lack_of("multi-vsv") is None

    def test_an_installation_without_weights_is_told(self, case_folder, refused, monkeypatch):
        monkeypatch.setattr(model, "CARD", ("Models", "absent.json"))
        case_folder.change("options", "dose_method", to="unet")
        assert "choose the dose method multi-vsv, which needs no weights" in refused()

    def test_weights_that_are_damaged(self, case_folder, refused, monkeypatch, tmp_path):
        from LuDosimetryLib.dose.residual.model import ModelCard, write_model
        from LuDosimetryLib.dose.residual.network import LinearNetwork

        size = {"maps": 2, "activity_maps": 2, "levels": 2}
        card = ModelCard("test", "residual.pt", "", "linear", size, 3.87, (0.75, 1.3))
        write_model(LinearNetwork(**size), card, tmp_path / "model")
        (tmp_path / "model" / "residual.pt").write_bytes(b"rotten")
        monkeypatch.setattr(model, "resource", lambda *parts: tmp_path / "model" / parts[-1])
        case_folder.change("options", "dose_method", to="unet")
        assert "are damaged or not those of residual.json" in refused()


class TestShippedNetwork:
    @pytest.fixture(autouse=True)
    def _shipped(self):
        pytest.importorskip("torch").set_num_threads(1)
        try:
            resource(*CARD)
        except FileNotFoundError:
            pytest.skip("no weights are shipped yet")

    def test_result_folder(self, case_folder, tmp_path, capfd):
        case_folder.change("options", "dose_method", to="unet")
        case_folder.change("options", "compare_with", to=["multi-vsv", "split-vsv"])
        output = tmp_path / "result"
        assert main(["run", str(case_folder.file), "-o", str(output)]) == DONE
        summary = json.loads((output / "result.json").read_text(encoding="utf-8"))
        assert summary["dose_method"] == "unet"
        how = summary["provenance"]["unet"]
        assert " sha256 " in how["model"]
        assert how["calculated_on"].startswith("cpu, residual from a grid of 3.87 mm")
        assert how["bounded_voxels_percent"] < 5.0
        dose, multi, split = (
            values(output / name)
            for name in ("dose.nrrd", "dose_multi-vsv.nrrd", "dose_split-vsv.nrrd")
        )
        assert (dose >= 0.0).all()
        assert not np.array_equal(dose, multi)
        bounds = model.read_card(resource(*CARD)).bounds
        assert (dose >= 0.999 * bounds[0] * np.minimum(multi, split)).all()
        assert (dose <= 1.001 * bounds[1] * np.maximum(multi, split)).all()
        for organ in summary["organs"]:
            before = organ["dose_by_method_Gy"]["multi-vsv"]
            percent = 100.0 * (organ["mean_dose_Gy"] / before - 1.0)
            assert how["correction_percent"][organ["name"]] == pytest.approx(percent, abs=0.01)
        # soft organs need little
        assert abs(how["correction_percent"]["kidney"]) < 3.0

    @pytest.mark.slow
    def test_its_correction_is_that_of_the_activity_with_recovery(self, case_folder, tmp_path):
        """Though the dose without recovery is calculated by the network, too."""
        case_folder.change("options", "dose_method", to="unet")
        case_folder.change("options", "compare_with", to=["multi-vsv"])
        case_folder.change("options", "spect_resolution_mm", to=15.0)
        assert main(["run", str(case_folder.file), "-o", str(tmp_path / "result")]) == DONE
        summary = json.loads((tmp_path / "result" / "result.json").read_text(encoding="utf-8"))
        for organ in summary["organs"]:
            before = organ["dose_by_method_Gy"]["multi-vsv"]
            percent = 100.0 * (organ["mean_dose_Gy"] / before - 1.0)
            assert organ["network_correction_percent"] == pytest.approx(percent, abs=0.002)
            said = summary["provenance"]["unet"]["correction_percent"][organ["name"]]
            assert organ["network_correction_percent"] == said

    def test_twice_the_activity_twice_the_dose(self, mixed_problem):
        from dataclasses import replace

        once = dose_by("unet", mixed_problem)
        doubled = replace(mixed_problem, tia_MBq_h_mL=2 * mixed_problem.tia_MBq_h_mL)
        twice = dose_by("unet", doubled)
        np.testing.assert_allclose(twice, 2 * once, rtol=1e-5, atol=1e-6 * once.max())

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
