"""Convolution with even kernels."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.dose.convolution import Convolver, choose_device


def even(octant: np.ndarray) -> np.ndarray:
    return np.pad(octant, [(n - 1, 0) for n in octant.shape], mode="reflect")


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])  # the second is torch's name for it
@pytest.mark.parametrize(
    ("shape", "reach"),
    [((9, 12, 7), (8, 11, 6)), ((16, 10, 13), (3, 2, 1)), ((5, 6, 1), (9, 9, 9))],
)
def test_equals_plain_convolution(device, shape, reach):
    if device != "cpu":
        pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    values = rng.random(shape, np.float32)
    convolver = Convolver(shape, reach, device)
    octant = rng.random(convolver.kernel_shape)
    spectrum = convolver.spectrum(convolver.to_device(values))
    product = convolver.product(spectrum, convolver.kernel_spectrum(octant))
    found = convolver.to_numpy(convolver.inverse(product))
    expected = fftconvolve(values.astype(float), even(octant), mode="full")
    inside = tuple(slice(r, r + n) for r, n in zip(convolver.reach, shape, strict=True))
    np.testing.assert_allclose(found, expected[inside], rtol=1e-4, atol=1e-5 * expected.max())


def test_devices():
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda")
    if choose_device("auto") == "cpu":
        with pytest.raises(InvalidInput, match="device is 'cuda' but torch"):
            choose_device("cuda")
