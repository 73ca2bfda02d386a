"""Check for the packages that DICOM needs; one sentence names what is missing."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec

from ..base.errors import InvalidInput

PACKAGES = ("pydicom", "highdicom")


def missing_packages(names: tuple[str, ...] = PACKAGES) -> list[str]:
    """Those of some packages that are not installed."""
    return [name for name in names if find_spec(name) is None]


def require_pydicom() -> None:
    """
    Refuse to go on without pydicom.

    Raises
    ------
    InvalidInput
    """
    if missing_packages(("pydicom",)):
        raise InvalidInput(
            "reading DICOM needs pydicom, which is not installed: pip install pydicom."
        )


_QUIET = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """
    Keep pydicom's remarks, which may quote a patient's name, from the console.

    Within another such block it costs next to nothing.
    """
    if _QUIET.get():
        yield
        return
    from pydicom import config

    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    token = _QUIET.set(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _QUIET.reset(token)
        config.settings.reading_validation_mode = mode
