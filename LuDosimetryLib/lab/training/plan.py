"""Settings that decide a network's weights together with the data; without torch, for the shell's parser."""

from dataclasses import dataclass, field

from ...base.checks import check_choice, check_number, check_whole
from ...base.errors import InvalidInput

_ARCHITECTURES = ("linear", "paper")
"""Names from `dose.residual.model`, repeated so that the shell's parser need not import it."""
_LOSSES = ("squared", "L1")


@dataclass(frozen=True)
class TrainingPlan:
    """
    All that decides the weights, beside the data.

    Attributes
    ----------
    architecture : {"linear", "paper"}
    size : dict of str to int
        Arguments of the network.
    loss : {"squared", "L1"}
        What is made of the difference from Monte Carlo, in standard deviations of its noise. L1 as in the paper
        learns the median of noisy doses, which in cold voxels lies below their mean.
    epochs : int
    patches : int
        Number of patches in an epoch.
    learning_rate : float
        Rate of the first epoch; it falls to 0 with a cosine.
    settled : float
        Part of the epochs after which batch normalisation keeps its statistics.
    average : float
        Decay of the weights' moving average, which is what is validated and kept.
    patience : int
        Epochs without improvement after which training stops.
    seed : int
    """

    architecture: str = "linear"
    size: dict[str, int] = field(default_factory=dict)
    loss: str = "squared"
    epochs: int = 30
    patches: int = 80
    learning_rate: float = 2e-3
    settled: float = 0.6
    average: float = 0.98
    patience: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        check_choice("architecture", self.architecture, _ARCHITECTURES)
        check_choice("loss", self.loss, _LOSSES)
        for name in ("epochs", "patches", "patience"):
            check_whole(name, getattr(self, name), 1)
        check_number("learning rate", self.learning_rate)
        for name in ("settled", "average"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise InvalidInput(f"{name} is {value!r}; it must be from 0 to 1.")
