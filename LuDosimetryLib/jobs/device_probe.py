"""Detection of CUDA devices, in a separate process because torch takes seconds to load."""

import os
import subprocess
from collections.abc import Mapping

from ..base.errors import InvalidInput
from .runner import find_interpreter

_ASK = (
    "import torch\n"
    "names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]\n"
    "print('LUDOSIMETRY', torch.__version__, '|', ', '.join(dict.fromkeys(names)))\n"
)


class DeviceProbe:
    """
    Looks for CUDA devices with the Python that calculates.

    Parameters
    ----------
    environment : mapping of str to str, optional
        Environment of the process; by default that of this one.

    Attributes
    ----------
    torch : str or None
        Version of torch once it is known; empty if torch is missing.
    cuda : str
        Names of the CUDA devices; empty if there are none.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.torch: str | None = None
        self.cuda = ""
        self._process: subprocess.Popen[str] | None = None
        try:
            self._process = subprocess.Popen(
                [find_interpreter(), "-c", _ASK],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=dict(os.environ if environment is None else environment),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, InvalidInput):
            self.torch = ""

    def poll(self) -> bool:
        """Return whether the answer has arrived; never waits."""
        if self.torch is not None:
            return True
        assert self._process is not None
        if self._process.poll() is None:
            return False
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            answer = stream.read()
        self.torch = ""
        for line in answer.splitlines():
            if line.startswith("LUDOSIMETRY "):
                version, _, self.cuda = line.removeprefix("LUDOSIMETRY ").partition(" | ")
                self.torch = version.strip(" |")
        return True

    def stop(self) -> None:
        """Stop looking."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
