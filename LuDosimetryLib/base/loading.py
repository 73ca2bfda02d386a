"""Functions that a table names, imported when they are used."""

from importlib import import_module
from typing import Any

__all__ = ["loaded"]


def loaded(package: str, address: str) -> Any:
    """
    Import what a table names.

    Parameters
    ----------
    package : str
        Package that the address is relative to, for example ``"LuDosimetryLib.dose"``.
    address : str
        ``module:name``.

    Raises
    ------
    ImportError
        If there is no such module.
    AttributeError
        If the module has no such name.
    """
    module, _, name = address.partition(":")
    return getattr(import_module(f"{package}.{module}"), name)
