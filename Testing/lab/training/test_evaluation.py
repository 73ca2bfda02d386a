"""Comparison with Monte Carlo: against closed forms, and with methods known to be perfect."""

import numpy as np
import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.lab.training.evaluation import METHODS, Moments, evaluate, tissues
from LuDosimetryLib.organs.organ_dose import mean_dose

from ...support.small_patients import SMALL, model_with


def test_correlation_over_datasets_is_that_of_all_voxels_together():
    rng = np.random.default_rng(1)
    pairs = []
    for n, scale in ((300, 1.0), (500, 7.0), (1, 2.0)):
        reference = (scale * rng.random(n)).astype(np.float32)
        pairs.append(((reference + 0.3 * rng.random(n)).astype(np.float32), reference))
    moments = [Moments.of(d, r, 0 * r) for d, r in pairs]
    together = np.corrcoef(*(np.concatenate(values) for values in zip(*pairs, strict=True)))[0, 1]
    assert (moments[0] + moments[1] + moments[2]).r == pytest.approx(together, rel=1e-9)
    assert moments[1].r == pytest.approx(np.corrcoef(*pairs[1])[0, 1], rel=1e-9)
    assert np.isnan(moments[2].r)
    assert moments[0].perfect_r == 1.0


def test_shape_does_not_matter():
    rng = np.random.default_rng(2)
    dose, reference, error = rng.random((3, 4, 5, 6)).astype(np.float32)
    flat = Moments.of(dose.ravel(), reference.ravel(), error.ravel())
    assert Moments.of(dose, reference, error) == flat


@pytest.mark.parametrize("noise", [0.02, 0.3, 1.0])
def test_a_perfect_method_correlates_as_foretold(noise):
    """The truth itself against a noisy reference."""
    rng = np.random.default_rng(3)
    truth = rng.lognormal(0.0, 0.7, 40_000)
    error = noise * np.sqrt(truth)
    reference = truth + error * rng.standard_normal(truth.size)
    moments = Moments.of(truth, reference, error)
    assert moments.r == pytest.approx(moments.perfect_r, abs=4 * (1 - moments.perfect_r**2) / 200)
    assert moments.perfect_r < 1.0


def test_tissues_are_disjoint_and_as_documented(dataset_of):
    dataset = dataset_of(shape=(24, 26, 28))
    dose = dataset.dose.copy()
    found = tissues(dataset, dose)
    assert list(found) == ["soft tissue", "fat", "bone", "lung border", "lung"]
    assert np.stack(list(found.values())).sum(axis=0).max() == 1
    shown = dataset.reported & (dose > 0.01 * dose[dataset.reported].max())
    for mask in found.values():
        assert not (mask & ~shown).any()
    everything = np.any(list(found.values()), axis=0)
    # what is neither: bone that is near lung belongs to the border
    np.testing.assert_array_equal(everything, shown)
    density = dataset.density
    assert (density[found["bone"]] > 1.13).all()
    assert ((density >= 0.6) & (density < 0.97))[found["fat"]].all()
    assert (density[found["lung"]] < 0.6).all()
    assert all(found[name].any() for name in ("soft tissue", "bone", "lung border"))


def test_the_lung_border_is_two_voxels_wide_on_either_side(dataset_of):
    dataset = dataset_of()
    dataset.reported[:], dataset.density[:], dataset.dose[:] = True, 1.04, 1.0
    dataset.density[:, :, 14:] = 0.3
    line = {name: mask[11, 10] for name, mask in tissues(dataset, dataset.dose).items()}
    assert np.flatnonzero(line["lung border"]).tolist() == [12, 13, 14, 15]
    assert np.flatnonzero(line["soft tissue"]).tolist() == list(range(12))
    assert np.flatnonzero(line["lung"]).tolist() == list(range(16, 24))


def test_partial_volume_at_the_skin_is_no_lung(dataset_of):
    dataset = dataset_of()
    dataset.reported[:], dataset.density[:], dataset.dose[:] = True, 1.04, 1.0
    dataset.density[:, :, 0] = 0.3
    assert not tissues(dataset, dataset.dose)["lung border"].any()


class TestEvaluate:
    """The true dose is the split-VSV dose, and so is that of an untrained network."""

    @pytest.fixture
    def model(self):
        pytest.importorskip("torch")
        pytest.importorskip("onnx")
        from LuDosimetryLib.dose.residual.network import LinearNetwork

        return model_with(LinearNetwork(**SMALL).eval(), bounds=(0.5, 2.0))

    def test_organs(self, dataset_of, model):
        dataset = dataset_of("patient3", cycle=2)
        found, doses = evaluate(dataset, model, Log())
        assert list(doses) == list(METHODS)
        assert (found.patient, found.cycle, found.bounded_percent) == ("patient3", 2, 0.0)
        assert [organ.organ for organ in found.organs] == list(dataset.vois)
        for organ, voi in zip(found.organs, dataset.vois.values(), strict=True):
            mass = dataset.density[voi].astype(float)
            expected = (mass * dataset.dose[voi]).sum() / mass.sum()
            assert organ.monte_carlo_Gy == pytest.approx(expected, rel=1e-6)
            assert organ.volume_mL == pytest.approx(voi.sum() * 0.387**3)
            assert organ.standard_error_Gy == dataset.organ_standard_error_Gy[organ.organ]
            assert list(organ.by_method_Gy) == list(METHODS)
            for method, dose in organ.by_method_Gy.items():
                assert dose == pytest.approx(mean_dose(doses[method], dataset.density, voi))
            # a perfect method is off by the noise of Monte Carlo alone
            apart = organ.by_method_Gy["photon-transport"] - organ.monte_carlo_Gy
            assert abs(apart) < 4.0 * organ.standard_error_Gy
        assert doses["unet"] == pytest.approx(doses["photon-transport"], rel=1e-5)

    @pytest.mark.slow
    def test_a_perfect_method_shows_no_error_but_noise(self, dataset_of, model):
        excess, mean, foretold = [], [], []
        for seed in (1, 2):
            for cycle in (1, 2, 3):
                found, _ = evaluate(dataset_of(seed=seed, cycle=cycle), model, Log())
                for error in found.tissues.values():
                    # what is left of a difference of two estimates of the same variance
                    excess.append(error.excess_percent["photon-transport"])
                    foretold.append(error.noise_percent * (2.0 / error.voxels) ** 0.25)
                    mean.append(
                        error.mean_percent["photon-transport"]
                        * error.voxels**0.5
                        / error.noise_percent
                    )
                for doses in (found.all_doses, found.low_doses):
                    r = doses["photon-transport"]
                    assert r.r == pytest.approx(r.perfect_r, abs=0.005)
                assert found.all_doses["multi-vsv"].sums[0] > found.low_doses["multi-vsv"].sums[0]
        assert np.median(excess) <= np.median(foretold)
        assert max(np.array(excess) / np.array(foretold)) < 2.5
        assert abs(np.mean(mean)) < 1.0

    def test_an_error_that_is_known_is_found(self, dataset_of, model):
        def less_in_bone(dataset, truth):
            return truth * np.where(dataset.density > 1.2, np.float32(1 / 1.1), np.float32(1.0))

        found, _ = evaluate(dataset_of(change=less_in_bone), model, Log())
        bone, soft = found.tissues["bone"], found.tissues["soft tissue"]
        assert bone.mean_percent["photon-transport"] == pytest.approx(10.0, abs=1.0)
        assert bone.excess_percent["photon-transport"] == pytest.approx(10.0, abs=1.5)
        assert abs(soft.mean_percent["photon-transport"]) < 0.5

    def test_cancelled(self, dataset_of, model):
        def stop(fraction, text):
            raise Cancelled

        with pytest.raises(Cancelled):
            evaluate(dataset_of(), model, Log(stop))
