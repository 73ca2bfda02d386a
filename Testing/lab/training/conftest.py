"""Small patients and networks, shared by the tests of the residual network."""

from ...support.small_patients import (  # noqa: F401
    _one_thread,
    dataset_of,
    lively,
    small_patches,
)
