"""What the verbs that calculate take instead of the cases' own options."""

import argparse
from collections.abc import Callable
from typing import Any

from ..base.checks import check_choice
from ..case.options import DEVICES, DOSE_METHODS, INTEGRATIONS, REGISTRATIONS

_KNOWN = {"registration": REGISTRATIONS, "integration": INTEGRATIONS, "dose_method": DOSE_METHODS}
_OF = {"registration": "of the time points, ", "integration": "of activity over time, "}


def add_overrides(
    added: argparse.ArgumentParser, count: Callable[[str], int], positive: Callable[[str], float]
) -> None:
    """
    Add the arguments to a verb.

    Parameters
    ----------
    added : ArgumentParser
    count, positive : callable
        Read a whole number, and any number, above 0.
    """
    for name, known in _KNOWN.items():
        added.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="NAME",
            help=f"{_OF.get(name, '')}instead of the case's own: {', '.join(known)}",
        )
    added.add_argument("--device", choices=DEVICES, help="instead of the case's own")
    effort = added.add_mutually_exclusive_group()
    effort.add_argument(
        "--histories", type=count, metavar="N", help="decays that Monte Carlo follows"
    )
    effort.add_argument(
        "--uncertainty",
        type=positive,
        metavar="PCT",
        help="follow as many decays as give every organ dose this standard error [%%]",
    )


def overrides(asked: argparse.Namespace) -> dict[str, Any]:
    """
    The options that were given, by name.

    Raises
    ------
    InvalidInput
        For a name that is unknown.
    """
    changes = {
        "registration": asked.registration,
        "integration": asked.integration,
        "dose_method": asked.dose_method,
        "device": asked.device,
        "histories": asked.histories,
        "uncertainty_percent": asked.uncertainty,
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    for name, known in _KNOWN.items():
        if name in changes:
            check_choice(f"--{name.replace('_', '-')}", changes[name], known)
    if asked.histories is not None:
        changes["uncertainty_percent"] = None
    return changes
