"""Convolution of an activity map with even kernels by FFT, on the CPU or a CUDA device."""

from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ..base.errors import InvalidInput
from ..image.arrays import Array, Shape


def choose_device(wanted: str) -> str:
    """
    The device to calculate on: "cuda" if wanted or "auto" finds one, else "cpu".

    Raises
    ------
    InvalidInput
        If CUDA is wanted and not available.
    """
    if wanted == "cpu":
        return "cpu"
    try:
        available = bool(import_module("torch").cuda.is_available())
        lack = "torch finds no CUDA device"
    except ImportError:
        available, lack = False, "torch is not installed"
    if available:
        return "cuda"
    if wanted == "cuda":
        raise InvalidInput(f"device is 'cuda' but {lack}; choose 'cpu' or 'auto'.")
    return "cpu"


class Convolver:
    """
    Convolves maps of one shape with even kernels of one reach, without wrapping round.

    An even kernel has a real spectrum, which the type-I cosine transform of its non-negative
    offsets gives: an eighth of the work and of the memory of a full transform.

    Parameters
    ----------
    shape : tuple of int
        Shape of the maps (k, j, i).
    reach : tuple of int
        Greatest offset of the kernels along each axis; no more than ``shape[i] - 1`` matters.
    device : str
        "cpu" calculates with scipy; any other is torch's name of a device, as "cuda".
    """

    def __init__(self, shape: Shape, reach: Shape, device: str = "cpu") -> None:
        self.shape = shape
        self.reach: Shape = tuple(min(r, n - 1) for r, n in zip(reach, shape, strict=True))  # type: ignore[assignment]
        self._size: Shape = tuple(  # type: ignore[assignment]
            2 * scipy.fft.next_fast_len((n + r + 1) // 2, real=True)
            for n, r in zip(shape, self.reach, strict=True)
        )
        self._device = device
        self._torch = None if device == "cpu" else import_module("torch")

    @property
    def kernel_shape(self) -> Shape:
        """Number of non-negative offsets that a kernel must have."""
        return tuple(r + 1 for r in self.reach)  # type: ignore[return-value]

    def kernel_spectrum(self, kernel: NDArray[np.floating]) -> Any:
        """
        Real spectrum of an even kernel.

        Parameters
        ----------
        kernel : ndarray, shape `kernel_shape`
            Values at non-negative offsets.
        """
        octant = np.zeros([size // 2 + 1 for size in self._size], np.float32)
        octant[tuple(slice(0, n) for n in kernel.shape)] = kernel
        spectrum = scipy.fft.dctn(octant, type=1, workers=-1, overwrite_x=True)
        return (
            spectrum if self._torch is None else self._torch.from_numpy(spectrum).to(self._device)
        )

    def spectrum(self, values: Any) -> Any:
        """Transform a map of shape `shape`; the spectrum is on the device."""
        if self._torch is None:
            return scipy.fft.rfftn(values, self._size, workers=-1)
        return self._torch.fft.rfftn(values, self._size)

    def product(self, spectrum: Any, kernel_spectrum: Any) -> Any:
        """Spectrum of the convolution of a map and a kernel."""
        product = self._like(spectrum)
        for k, kernel_k in self._halves[0]:
            for j, kernel_j in self._halves[1]:
                part = kernel_spectrum[kernel_k][:, kernel_j]
                if self._torch is None:
                    np.multiply(spectrum[k, j], part, out=product[k, j])
                else:
                    product[k, j] = spectrum[k, j] * part
        return product

    def inverse(self, spectrum: Any) -> Any:
        """The map of a spectrum, shape `shape`; the spectrum may be overwritten."""
        k, j, i = self.shape
        if self._torch is None:
            return scipy.fft.irfftn(spectrum, self._size, workers=-1, overwrite_x=True)[:k, :j, :i]
        return self._torch.fft.irfftn(spectrum, self._size)[:k, :j, :i]

    def to_numpy(self, values: Any) -> Array:
        """A map of the device as a numpy array."""
        return np.asarray(values if self._torch is None else values.cpu().numpy())

    def wait(self) -> None:
        """Wait until the device has done all it was given."""
        if self._device == "cuda" and self._torch is not None:
            self._torch.cuda.synchronize()

    def to_device(self, values: NDArray[Any]) -> Any:
        """A numpy array on the device."""
        return values if self._torch is None else self._torch.from_numpy(values).to(self._device)

    def _like(self, spectrum: Any) -> Any:
        return np.empty_like(spectrum) if self._torch is None else self._torch.empty_like(spectrum)

    @cached_property
    def _halves(self) -> list[list[tuple[slice, Any]]]:
        """Frequencies and, for the upper ones, their mirror images in the kernel's spectrum."""
        halves = []
        for size in self._size[:2]:
            middle = size // 2
            mirror: Any = slice(middle - 1, 0, -1)
            if self._torch is not None:  # tensors have no negative steps
                mirror = self._torch.arange(middle - 1, 0, -1, device=self._device)
            halves.append(
                [(slice(0, middle + 1), slice(0, middle + 1)), (slice(middle + 1, size), mirror)]
            )
        return halves
