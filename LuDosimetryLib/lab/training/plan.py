"""What decides a network's weights, beside the data; without torch, for the shell's parser."""

from dataclasses import dataclass, field

from ...base.errors import InvalidInput

_ARCHITECTURES = ("linear", "paper")
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
        Of the difference from Monte Carlo, in standard deviations of its noise. L1 as in the paper
        learns the median of noisy doses, which in cold voxels lies below their mean.
    epochs : int
    patches : int
        An epoch has.
    learning_rate : float
        At first; falls to 0 with a cosine.
    settled : float
        Part of the epochs after which batch normalisation keeps its statistics.
    average : float
        Of the weights' moving average, which is what is validated and kept.
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
        if self.architecture not in _ARCHITECTURES:
            raise InvalidInput(
                f"architecture is {self.architecture!r}; allowed: {', '.join(_ARCHITECTURES)}."
            )
        if self.loss not in _LOSSES:
            raise InvalidInput(f"loss is {self.loss!r}; allowed: {', '.join(_LOSSES)}.")
