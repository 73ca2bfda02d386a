"""The network on the CPU by ONNX Runtime."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InvalidInput
from .channels import LINEAR_CHANNELS, TISSUE_CHANNELS
from .model import Model
from .onnx_file import INPUTS

__all__ = ["OnnxNetwork", "lack_of_onnxruntime"]

_ASKED_EVERY_S = 0.1
_REMEDY = '(pip install onnxruntime; in 3D Slicer: the button "Install ONNX Runtime")'


def lack_of_onnxruntime() -> str | None:
    """Why ONNX Runtime cannot be used, with the remedy; None if it can."""
    if find_spec("onnxruntime") is None:
        return f"onnxruntime, which it needs, is not installed {_REMEDY}"
    try:
        import onnxruntime  # noqa: F401 - a heavy package, loaded where the network is asked for
    except (ImportError, OSError) as error:  # its libraries are not those of this machine
        reason = " ".join(str(error).split())
        return f"onnxruntime, which it needs, is installed but cannot be loaded ({reason}); install it again {_REMEDY}"
    return None


class OnnxNetwork:
    """
    A network on the CPU.

    Parameters
    ----------
    model : Model

    Attributes
    ----------
    depth : int
        Levels of its U-Net.

    Raises
    ------
    InvalidInput
        If ONNX Runtime cannot read the network.
    """

    def __init__(self, model: Model) -> None:
        import onnxruntime  # a heavy package, loaded where the network is used

        self.depth = model.graph.depth
        self._options = onnxruntime.RunOptions
        self._session = _session(onnxruntime, model)

    def __call__(
        self,
        tissue: NDArray[np.float32],
        linear: NDArray[np.float32],
        still: Callable[[], object],
    ) -> NDArray[np.float32]:
        """As of `inference.Network`."""
        options = self._options()
        options.log_severity_level = _SILENT
        fields = dict(zip(INPUTS, (tissue, linear), strict=True))
        with ThreadPoolExecutor(1) as pool:
            try:
                running = pool.submit(self._session.run, None, fields, options)
            except RuntimeError as error:  # a thread needs memory, too
                raise MemoryError(str(error)) from None
            try:
                while not wait([running], _ASKED_EVERY_S).done:
                    still()
            except BaseException:
                # ends after the operation that is being calculated; leaving the pool waits for it
                options.terminate = True
                raise
        try:
            (residual,) = running.result()
        except Exception as error:
            if _of_memory(error):
                raise MemoryError(str(error)) from None
            raise
        return np.asarray(residual, np.float32)


_SILENT = 4


def _session(onnxruntime: Any, model: Model) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = _cores()
    # threads that wait busily take the cores from other processes and gain nothing here
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # the arena keeps what it has and rounds up: twice the memory in the same time
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    try:
        # without the fallback, which prints and tries the same once more
        session = onnxruntime.InferenceSession(
            model.onnx, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # ONNX Runtime raises many kinds for what is not its file
        if _of_memory(error):
            raise MemoryError(str(error)) from None
        reason = " ".join(str(error).split())
        raise InvalidInput(
            f"the network {model.card.weights} cannot be used by ONNX Runtime {onnxruntime.__version__} ({reason}); export "
            "it again with 'release', or update onnxruntime."
        ) from None
    expected = dict(zip(INPUTS, (TISSUE_CHANNELS, LINEAR_CHANNELS), strict=True))
    found = {field.name: field.shape[1] for field in session.get_inputs()}
    if found != expected:
        raise InvalidInput(
            f"the network {model.card.weights} takes the channels {found}, expected {expected}; export it again with "
            "'release'."
        )
    return session


def _of_memory(error: Exception) -> bool:
    # ONNX Runtime has no type of its own for it
    return isinstance(error, MemoryError) or "alloc" in str(error).lower()


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
