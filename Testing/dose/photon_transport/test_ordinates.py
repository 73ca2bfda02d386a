"""Sweeps along ordinates against exponentials."""

import numpy as np
import pytest

from LuDosimetryLib.dose.photon_transport.ordinates import Ordinates, Sweeper

LINES = Ordinates.product(8, 16)


def test_moments_of_the_directions():
    direction, weight = LINES.direction.astype(float), LINES.weight.astype(float)
    assert weight.sum() == pytest.approx(1.0)
    assert np.linalg.norm(direction, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert weight @ direction == pytest.approx(0.0, abs=1e-6)
    second = np.einsum("n,ni,nj->ij", weight, direction, direction)
    assert second == pytest.approx(np.eye(3) / 3.0, abs=1e-6)


@pytest.mark.parametrize("cell_cm", [(1.0, 1.0, 1.0), (0.5, 1.0, 0.8)])
def test_all_is_absorbed_somewhere(cell_cm):
    shape = tuple(round(40.0 / size) | 1 for size in cell_cm)
    source = np.zeros(shape, np.float32)
    source[tuple(n // 2 for n in shape)] = 1.0
    attenuation = np.full(shape, 0.4, np.float32)
    found = Sweeper(cell_cm, LINES).sweep(attenuation, source)
    assert (0.4 * found.total.sum(dtype=float)) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("per_cm", [0.1, 0.3])
def test_fluence_around_a_ball(per_cm):
    # of a ball of radius a, the fluence at distance r far outside is that of its centre times a
    # factor of its size and attenuation: exp(-mu r) / (4 pi r^2) integrated over the ball
    cell, count = 0.8, 45
    axis = (np.arange(count) - count // 2) * cell
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    ball = radius <= 2.4
    source = ball.astype(np.float32)
    found = Sweeper((cell,) * 3, LINES).sweep(np.full(ball.shape, per_cm, np.float32), source).total
    at = np.argwhere(ball) * cell - count // 2 * cell
    for shell in (5.0, 8.0, 12.0):
        voxels = np.argwhere(np.abs(radius - shell) < 0.5 * cell)
        far = voxels * cell - count // 2 * cell
        apart = np.linalg.norm(far[:, None] - at, axis=2)
        exact = (np.exp(-per_cm * apart) / (4 * np.pi * apart**2)).sum(axis=1) * cell**3
        mean = found[tuple(voxels.T)].mean(dtype=float)
        assert mean == pytest.approx(exact.mean(), rel=0.02)


def test_a_beam_leaves_by_the_direction_it_drifts_to():
    shape = (21, 21, 21)
    source = np.zeros(shape, np.float32)
    source[10, 10, 10] = 1.0
    drift = np.zeros((3, *shape), np.float32)
    drift[0, 10, 10, 10] = 1.0
    found = Sweeper((1.0,) * 3, LINES).sweep(np.full(shape, 0.1, np.float32), source, drift)
    assert found.current[0].sum() > 10 * abs(float(found.current[1].sum()))
    assert found.total[15, 10, 10] > 3 * found.total[5, 10, 10]


def test_the_same_in_every_orientation():
    rng = np.random.default_rng(1)
    attenuation = rng.uniform(0.05, 0.4, (12, 12, 12)).astype(np.float32)
    source = rng.random((12, 12, 12), np.float32)
    one = Sweeper((1.0,) * 3, LINES).sweep(attenuation, source).total
    turned = Ordinates(LINES.direction[:, ::-1].copy(), LINES.weight)
    other = Sweeper((1.0,) * 3, turned).sweep(attenuation.T.copy(), source.T.copy()).total
    assert pytest.approx(one, rel=1e-5) == other.T
