"""Samples in units of their own dose, and patches whose fields stay together."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.photon_transport.method import photon_dose
from LuDosimetryLib.dose.residual.channels import (
    AT_TARGET,
    FROM_SOURCE,
    LINEAR_CHANNELS,
    TISSUE_CHANNELS,
    Channels,
    box_of,
)
from LuDosimetryLib.lab.training import patches
from LuDosimetryLib.lab.training.patches import Patches, Sample, noise_variance
from LuDosimetryLib.lab.training.training import validation_loss


@pytest.fixture
def sample(dataset_of):
    return Sample.of(dataset_of(), Log())


@pytest.mark.slow
def test_target_and_channels_are_in_units_of_the_mean_dose(dataset_of, sample):
    dataset = dataset_of()
    channels = Channels.of(dataset.problem(), Log())
    box = box_of(dataset.reported)
    unit = channels.at_target[dataset.reported].mean()
    np.testing.assert_allclose(sample.linear, channels.linear[:, *box] / unit, rtol=1e-5)
    np.testing.assert_array_equal(sample.tissue, channels.tissue[:, *box])
    photons = photon_dose(dataset.problem(), Log())
    residual = ((dataset.dose - photons - channels.at_target) * dataset.reported)[box] / unit
    np.testing.assert_allclose(sample.target, residual, atol=1e-5)
    np.testing.assert_array_equal(sample.weight > 0.0, dataset.reported[box])
    assert sample.name == dataset.name
    tissue, linear, target, weight = sample.tensors()
    assert tissue.shape[:2] == (1, TISSUE_CHANNELS)
    assert linear.shape[:2] == (1, LINEAR_CHANNELS)
    assert target.shape == weight.shape == (1, 1, *sample.target.shape)
    assert sample.weight.dtype == sample.target.dtype == np.float32


@pytest.mark.slow
def test_activity_s_unit_makes_no_difference(dataset_of, sample):
    dataset = dataset_of()
    thrice = replace(
        dataset,
        tia=3 * dataset.tia,
        dose=3 * dataset.dose,
        standard_error=3 * dataset.standard_error,
    )
    other = Sample.of(thrice, Log())
    for name in ("linear", "target", "weight"):
        ours, theirs = getattr(sample, name), getattr(other, name)
        np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=3e-5 * np.abs(ours).max())
    assert other.noise == pytest.approx(sample.noise, rel=1e-3)


@pytest.mark.slow
def test_noise_is_the_loss_of_a_perfect_dose(dataset_of):
    """The true dose is that by photon transport, so that its difference from the target is the noise."""
    losses, stated = [], []
    for seed in (1, 2):
        for cycle in (1, 2):
            sample = Sample.of(dataset_of(seed=seed, cycle=cycle), Log())
            perfect = sample.linear[FROM_SOURCE] - sample.linear[AT_TARGET]
            counted = sample.weight > 0.0
            apart = (sample.target - perfect)[counted]
            losses.append(float((sample.weight[counted] * apart**2).mean()))
            stated.append(sample.noise)
    voxels = 4 * counted.sum()
    # a mean of squares of N normal deviates scatters by sqrt(2 / N); the weights add to it
    assert np.mean(losses) == pytest.approx(np.mean(stated), rel=5 * np.sqrt(2 / voxels))
    assert 0.2 < np.mean(stated) < 1.0  # the tolerance of the weights takes the rest


def test_the_smooth_variance_sums_up_to_the_stated_one():
    rng = np.random.default_rng(1)
    shape = (9, 10, 11)
    dose, density = rng.uniform(0.1, 9.0, shape), rng.uniform(0.2, 1.5, shape)
    counted = rng.random(shape) < 0.7
    error = (np.sqrt(dose / density) * rng.uniform(0.01, 0.03, shape)).astype(np.float32)
    found = noise_variance(dose.astype(np.float32), density.astype(np.float32), error, counted)
    assert found[counted].sum() == pytest.approx((error[counted] ** 2).sum(), rel=1e-5)
    np.testing.assert_allclose(
        found * density / dose, found[0, 0, 0] * density[0, 0, 0] / dose[0, 0, 0], rtol=1e-5
    )
    assert not noise_variance(0 * dose, density, 0 * error, counted).any()


SHAPE = (24, 40, 33)


@pytest.fixture
def coded():
    """A sample whose fields all hold the number of the voxel; a patient in the middle of it."""
    code = (1.0 + np.arange(np.prod(SHAPE))).reshape(SHAPE).astype(np.float32)
    patient = np.zeros(SHAPE, bool)
    patient[3:22, 6:36, 4:30] = True
    tissue = np.stack([code * (n + 1) for n in range(TISSUE_CHANNELS)])
    linear = np.stack([code * (n + 5) for n in range(LINEAR_CHANNELS)])
    return Sample("coded", tissue, linear, code, code * patient, 1.0)


def drawn(sample, number, seed=1):
    source = Patches([sample], np.random.default_rng(seed))
    return [[field[0].numpy() for field in source.draw()] for _ in range(number)]


def test_fields_of_a_patch_stay_together(coded, small_patches):
    side, margin = patches.PATCH, patches.MARGIN
    inner = np.zeros((side,) * 3, bool)
    inner[(slice(margin, -margin),) * 3] = True
    outside = 0
    for tissue, linear, (target,), (weight,) in drawn(coded, 60):
        assert target.shape == (side,) * 3
        for n in range(TISSUE_CHANNELS):
            np.testing.assert_array_equal(tissue[n], target * (n + 1))
        for n in range(LINEAR_CHANNELS):
            np.testing.assert_array_equal(linear[n], target * (n + 5))
        number = target.astype(int) - 1
        patient = (coded.weight.reshape(-1)[number] > 0) & (number >= 0)
        np.testing.assert_array_equal(weight, target * (inner & patient))
        outside += int((inner & ~patient).sum())
    assert outside > 0  # patches reach over the patient's surface


def test_patches_are_turned_and_mirrored_into_all_48_positions(coded, small_patches):
    _, j, i = SHAPE
    steps = {j * i: "k", i: "j", 1: "i"}
    found = set()
    for _, _, (target,), _ in drawn(coded, 400):
        middle = patches.PATCH // 2
        ahead = []
        for axis in range(3):
            line = np.take(
                np.take(target, middle, (axis + 1) % 3),
                middle,
                (axis + 2) % 3 - ((axis + 1) % 3 < (axis + 2) % 3),
            )
            inside = line[line > 0.0]
            differences = {int(b - a) for a, b in pairwise(inside)}
            assert len(differences) == 1
            step = differences.pop()
            ahead.append(("-" if step < 0 else "+") + steps[abs(step)])
        assert len({name[1] for name in ahead}) == 3
        found.add(tuple(ahead))
    assert len(found) == 48


def test_patches_show_some_of_the_patient(coded, small_patches):
    """Of patches anywhere in the volume one in four would show none."""
    patient = np.zeros(SHAPE, bool)
    patient[4:20, 6:24, 6:24] = True
    number = np.where(patient, coded.target, np.float32(0.0))
    for _, _, (target,), _ in drawn(replace(coded, weight=number), 50):
        shown = np.isin(target, number[patient])
        assert np.count_nonzero(shown) > 0.05 * shown.size


def test_all_of_the_patient_is_learned_from(coded, small_patches):
    """Up to the border of the volume."""
    seen = [set(), set(), set()]
    for _, _, _, weight in drawn(replace(coded, weight=coded.target), 150):
        number = np.unique(weight[weight > 0.0]).astype(int) - 1
        for axis, at in zip(seen, np.unravel_index(number, SHAPE), strict=True):
            axis |= set(at.tolist())
    assert seen == [set(range(n)) for n in SHAPE]


def test_a_patient_smaller_than_a_patch(coded):
    assert max(SHAPE) < patches.PATCH == 64
    for _, _, (target,), (weight,) in drawn(coded, 2):
        assert target.shape == (64, 64, 64)
        assert weight.max() > 0.0
        assert target.max() == coded.target.max()


def test_the_seed_decides_the_patches(coded, small_patches):
    one, same, other = (drawn(coded, 3, seed) for seed in (1, 1, 2))
    for a, b in zip(one, same, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)
    assert any((a[2] != b[2]).any() for a, b in zip(one, other, strict=True))


def test_validation_sees_the_whole_sample(sample):
    """Of a network without residual the loss is the weighted square of the target."""

    class Nothing(torch.nn.Module):
        depth = 1

        def forward(self, tissue, linear):
            return torch.zeros_like(linear[:, :1])

    counted = sample.weight > 0.0
    squares = (sample.weight * sample.target**2)[counted].mean()
    assert validation_loss(Nothing(), [sample], "squared", "cpu") == pytest.approx(
        squares, rel=1e-5
    )
    absolute = (np.sqrt(sample.weight) * np.abs(sample.target))[counted].mean()
    assert validation_loss(Nothing(), [sample], "L1", "cpu") == pytest.approx(absolute, rel=1e-5)
    both = validation_loss(Nothing(), [sample, sample], "L1", "cpu")
    assert both == pytest.approx(absolute, rel=1e-5)
