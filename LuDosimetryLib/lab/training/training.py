"""Training: random patches, validation each epoch, early stopping, checkpoints, exact resume."""

import copy
import csv
import io
import math
import time
from ast import literal_eval
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...base.errors import InvalidInput
from ...base.log import Log
from ...base.storage import write_atomically
from ...dose.residual.inference import residual_of
from ...dose.residual.network import ARCHITECTURES
from ...dose.residual.torch_network import TorchNetwork
from .patches import Patches, Sample
from .plan import TrainingPlan

CHECKPOINT = "checkpoint.pt"
CURVES = "curves.csv"
_COLUMNS = ("epoch", "learning_rate", "training_loss", "validation_loss", "seconds")


def network_of(plan: TrainingPlan) -> Any:
    """A network with its first weights."""
    torch.manual_seed(plan.seed)
    return ARCHITECTURES[plan.architecture](**plan.size)


@dataclass
class Training:
    """
    A training run in a folder.

    Parameters
    ----------
    plan : TrainingPlan
    folder : Path
        Takes checkpoint and curves; a run found there goes on exactly where it was.
    device : str
        torch's name.
    start : dict, optional
        Weights to begin with instead of random ones.
    """

    plan: TrainingPlan
    folder: Path
    device: str = "cpu"
    start: dict[str, Any] | None = None

    def run(self, training: Sequence[Sample], validation: Sequence[Sample], log: Log) -> Any:
        """
        Train.

        Returns
        -------
        LinearNetwork or PaperNetwork
            With the weights of the epoch of least validation loss, on the CPU.

        Raises
        ------
        InvalidInput
            If the folder holds another training, or the loss stops being a number.
        """
        plan = self.plan
        self.folder.mkdir(parents=True, exist_ok=True)
        state = _State.first(plan, self.start, self.device)
        self._resume(state)
        patches = Patches(training, state.rng)
        while state.epoch < plan.epochs and state.epoch - state.best_epoch <= plan.patience:
            started = time.perf_counter()
            rate, loss = self._epoch(state, patches, log)
            found = validation_loss(state.averaged, validation, plan.loss, self.device)
            if not math.isfinite(found):
                raise self._diverged(state)
            if found < state.best_loss:
                state.best_loss, state.best_epoch = found, state.epoch
                state.best = copy.deepcopy(state.averaged.state_dict())
            row = (state.epoch, rate, loss, found, time.perf_counter() - started)
            state.curves.append(row)
            state.epoch += 1
            self._keep(state)
        network = network_of(plan)
        network.load_state_dict({k: v.cpu() for k, v in state.best.items()})
        network.eval()
        return network

    def _diverged(self, state: "_State") -> InvalidInput:
        return InvalidInput(
            f"the training diverged in epoch {state.epoch + 1}: its loss is not a number; choose a learning rate below "
            f"{self.plan.learning_rate:g} and another folder."
        )

    def _epoch(self, state: "_State", patches: Patches, log: Log) -> tuple[float, float]:
        plan = self.plan
        network, averaged = state.network, state.averaged
        network.train()
        if state.epoch >= plan.settled * plan.epochs:
            _keep_statistics(network)
        total, rate = 0.0, 0.0
        for n in range(plan.patches):
            rate = _learning_rate(plan, state.epoch * plan.patches + n)
            for group in state.optimiser.param_groups:
                group["lr"] = rate
            tissue, linear, target, weight = (t.to(self.device) for t in patches.draw())
            state.optimiser.zero_grad(set_to_none=True)
            # half precision is four times as fast on CPUs with it; the rounding, some 0.4 % of a
            # residual of a few per cent of the dose, averages out
            with torch.autocast(self.device, torch.bfloat16):
                residual = network(tissue, linear)
            loss = _loss(residual.float(), target, weight, plan.loss)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            state.optimiser.step()
            _average(averaged, network, plan.average)
            total += float(loss.detach())
            if not math.isfinite(total):
                raise self._diverged(state)
            done = (state.epoch + (n + 1) / plan.patches) / plan.epochs
            log.at(done, f"epoch {state.epoch + 1} of {plan.epochs}, loss {total / (n + 1):.4f}")
        return rate, total / plan.patches

    def _keep(self, state: "_State") -> None:
        with write_atomically(self.folder / CHECKPOINT) as file:
            torch.save(state.as_dict(self.plan), file)
        with write_atomically(self.folder / CURVES) as file:
            file.write(_csv(state.curves).encode())

    def _resume(self, state: "_State") -> None:
        path = self.folder / CHECKPOINT
        if not path.exists():
            return
        try:
            kept = torch.load(path, map_location=self.device, weights_only=True)
            same = kept["plan"] == asdict(self.plan)
            if same:
                state.take(kept)
        except Exception as error:  # torch raises many kinds for what is not its file
            raise InvalidInput(
                f"{path} is no checkpoint of a training ({type(error).__name__}); remove it to begin afresh."
            ) from None
        if not same:
            raise InvalidInput(
                f"{path} is of a training with another plan; choose another folder or remove it."
            )


@dataclass
class _State:
    """All that changes while training."""

    network: Any
    averaged: Any
    optimiser: Any
    rng: np.random.Generator
    best: dict[str, Any]
    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = math.inf
    curves: list[tuple[float, ...]] = field(default_factory=list)

    @classmethod
    def first(cls, plan: TrainingPlan, start: dict[str, Any] | None, device: str) -> "_State":
        network = network_of(plan)
        if start is not None:
            network.load_state_dict(start)
        network.to(device, memory_format=torch.channels_last_3d)
        averaged = copy.deepcopy(network).eval()
        optimiser = torch.optim.Adam(network.parameters(), lr=plan.learning_rate)
        rng = np.random.default_rng(plan.seed)
        return cls(network, averaged, optimiser, rng, copy.deepcopy(averaged.state_dict()))

    def as_dict(self, plan: TrainingPlan) -> dict[str, Any]:
        return {
            "plan": asdict(plan),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "rng": repr(self.rng.bit_generator.state),  # integers too large for torch
            "best": self.best,
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "curves": self.curves,
        }

    def take(self, kept: dict[str, Any]) -> None:
        self.network.load_state_dict(kept["network"])
        self.averaged.load_state_dict(kept["averaged"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.rng.bit_generator.state = literal_eval(kept["rng"])
        self.best = kept["best"]
        self.epoch, self.best_epoch = kept["epoch"], kept["best_epoch"]
        self.best_loss = kept["best_loss"]
        self.curves = [tuple(row) for row in kept["curves"]]


def validation_loss(network: Any, samples: Sequence[Sample], loss: str, device: str) -> float:
    """Mean loss of whole samples, each counting alike."""
    losses = []
    shown = TorchNetwork(network, device)
    for sample in samples:
        _, _, target, weight = sample.tensors()
        residual = torch.from_numpy(residual_of(shown, sample.tissue, sample.linear, Log())[0])
        losses.append(float(_loss(residual, target, weight, loss)))
    return float(np.mean(losses))


def _loss(residual: Any, target: Any, weight: Any, kind: str) -> Any:
    """Mean over the voxels that count of the difference in standard deviations, or its square."""
    counted = weight > 0.0
    number = counted.sum().clamp(min=1)
    apart = residual - target
    if kind == "L1":
        return (apart.abs() * weight.sqrt()).sum() / number
    return (apart**2 * weight).sum() / number


def _learning_rate(plan: TrainingPlan, step: int) -> float:
    part = step / (plan.epochs * plan.patches)
    return plan.learning_rate * 0.5 * (1.0 + math.cos(math.pi * part)) + 1e-6


def _average(averaged: Any, network: Any, decay: float) -> None:
    with torch.no_grad():
        for kept, new in zip(averaged.parameters(), network.parameters(), strict=True):
            kept.lerp_(new, 1.0 - decay)
        for kept, new in zip(averaged.buffers(), network.buffers(), strict=True):
            kept.copy_(new)


def _keep_statistics(network: Any) -> None:
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.eval()


def _csv(rows: Sequence[Sequence[float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([f"{value:.6g}" for value in row] for row in rows)
    return text.getvalue()
