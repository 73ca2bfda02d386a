"""Training: what it learns, when it stops, and that it goes on exactly where it was."""

import csv

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from LuDosimetryLib.base.errors import Cancelled, InvalidInput
from LuDosimetryLib.base.log import Log
from LuDosimetryLib.dose.residual.channels import AT_TARGET, FROM_SOURCE
from LuDosimetryLib.lab.training.patches import Sample
from LuDosimetryLib.lab.training.plan import TrainingPlan
from LuDosimetryLib.lab.training.training import (
    CHECKPOINT,
    CURVES,
    Training,
    network_of,
    validation_loss,
)

SIZE = {"maps": 2, "activity_maps": 2, "levels": 2}


def plan_of(**changes):
    return TrainingPlan(**{"size": SIZE, "epochs": 4, "patches": 3, "average": 0.5, **changes})


@pytest.fixture
def samples(dataset_of, small_patches):
    return [Sample.of(dataset_of(seed=seed), Log()) for seed in (1, 2)]


def weights(network):
    return network.state_dict()


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def curves(folder):
    with (folder / CURVES).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@pytest.mark.parametrize("stop_after", [0.1, 0.55, 0.9])
def test_stopped_and_started_again_gives_the_same_weights(samples, tmp_path, stop_after):
    whole = Training(plan_of(), tmp_path / "whole").run(samples[:1], samples[1:], Log())

    def stop(fraction, text):
        if fraction > stop_after:
            raise Cancelled

    parts = Training(plan_of(), tmp_path / "parts")
    with pytest.raises(Cancelled):
        parts.run(samples[:1], samples[1:], Log(stop))
    assert (tmp_path / "parts" / CHECKPOINT).exists() == (stop_after > 0.5)
    resumed = Training(plan_of(), tmp_path / "parts").run(samples[:1], samples[1:], Log())
    assert_same(weights(resumed), weights(whole))
    for ours, theirs in zip(curves(tmp_path / "parts"), curves(tmp_path / "whole"), strict=True):
        assert ours.pop("seconds")
        assert theirs.pop("seconds")
        assert ours == theirs


@pytest.mark.slow
def test_a_finished_training_is_not_done_again(samples, tmp_path):
    first = Training(plan_of(), tmp_path).run(samples[:1], samples[1:], Log())

    def never(fraction, text):
        raise AssertionError

    assert_same(
        weights(Training(plan_of(), tmp_path).run(samples[:1], samples[1:], Log(never))),
        weights(first),
    )


@pytest.mark.slow
def test_the_seed_decides_the_weights(samples, tmp_path):
    def trained(name, seed):
        plan = plan_of(epochs=1, seed=seed)
        return weights(Training(plan, tmp_path / name).run(samples[:1], samples[1:], Log()))

    assert_same(trained("a", 1), trained("b", 1))
    assert any(
        not torch.equal(x, y)
        for x, y in zip(trained("a", 1).values(), trained("c", 2).values(), strict=True)
    )


def denser_absorbs_more(dataset, truth):
    """A residual that is linear in activity: 20 % more than the split VSV in bone."""
    return truth * np.where(dataset.density > 1.2, np.float32(1.2), np.float32(1.0))


@pytest.mark.slow
def test_learns_a_residual_that_it_can_express(dataset_of, small_patches, tmp_path):
    training, validation = (
        [Sample.of(dataset_of(seed=seed, change=denser_absorbs_more), Log())] for seed in (1, 2)
    )
    plan = plan_of(epochs=12, patches=60, learning_rate=1e-2, average=0.9)
    fractions = []
    network = Training(plan, tmp_path).run(
        training, validation, Log(lambda f, text: fractions.append(f))
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    untrained = validation_loss(network_of(plan).eval(), validation, "squared", "cpu")
    trained = validation_loss(network, validation, "squared", "cpu")
    noise = validation[0].noise
    assert untrained > 2.0 * noise
    # of what is not noise, most is gone, in a patient never seen
    assert trained - noise < 0.35 * (untrained - noise)
    rows = curves(tmp_path)
    assert [row["epoch"] for row in rows] == [str(n) for n in range(12)]
    losses = [float(row["validation_loss"]) for row in rows]
    assert min(losses) == pytest.approx(trained, rel=1e-4)
    assert float(rows[-1]["training_loss"]) < float(rows[0]["training_loss"])
    rates = [float(row["learning_rate"]) for row in rows]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 1e-3 * plan.learning_rate + 1e-5


@pytest.mark.slow
def test_stops_when_validation_gets_no_better(dataset_of, small_patches, tmp_path):
    """What is learned from the one is wrong for the other, where the untrained network is right."""
    training = [Sample.of(dataset_of(seed=1, change=lambda d, truth: 1.3 * truth), Log())]
    validation = [Sample.of(dataset_of(seed=2), Log())]
    plan = plan_of(epochs=20, patches=2, patience=2, learning_rate=1e-2)
    kept = Training(plan, tmp_path).run(training, validation, Log())
    losses = [float(row["validation_loss"]) for row in curves(tmp_path)]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + plan.patience < plan.epochs
    assert validation_loss(kept, validation, "squared", "cpu") == pytest.approx(
        losses[best], rel=1e-4
    )


@pytest.mark.slow
def test_goes_on_while_validation_gets_better(dataset_of, small_patches, tmp_path):
    training = [Sample.of(dataset_of(change=denser_absorbs_more), Log())]
    plan = plan_of(epochs=3, patches=10, patience=1, learning_rate=2e-3)
    Training(plan, tmp_path).run(training, training, Log())
    losses = [float(row["validation_loss"]) for row in curves(tmp_path)]
    assert losses == sorted(losses, reverse=True)
    assert len(losses) == 3


@pytest.mark.slow
def test_begins_with_given_weights(samples, tmp_path, lively):
    plan = plan_of(epochs=1, patches=1, learning_rate=1e-12)
    start = weights(lively(network_of(plan)))
    found = Training(plan, tmp_path, start=start).run(samples[:1], samples[1:], Log())
    assert all(
        torch.allclose(value, start[name], atol=1e-5)
        for name, value in weights(found).items()
        if "running" not in name and "num_batches" not in name
    )


@pytest.mark.slow
def test_batch_normalisation_settles(samples, tmp_path):
    """After the given part of the epochs its statistics stay as they are."""
    plan = plan_of(epochs=4, settled=0.5)
    seen = []

    def note(fraction, text):
        state = torch.load(tmp_path / CHECKPOINT, weights_only=True) if fraction > 0.3 else None
        if state is not None and (not seen or seen[-1][0] != state["epoch"]):
            seen.append((state["epoch"], state["network"]["unet.down.0.1.running_mean"].clone()))

    Training(plan, tmp_path).run(samples[:1], samples[1:], Log(note))
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    found = {**dict(seen), 4: state["network"]["unet.down.0.1.running_mean"]}
    assert not torch.equal(found[1], found[2])
    assert torch.equal(found[2], found[3])
    assert torch.equal(found[3], found[4])


def test_another_plan_in_the_same_folder_is_refused(samples, tmp_path):
    Training(plan_of(epochs=1), tmp_path).run(samples[:1], samples[1:], Log())
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(
        InvalidInput, match=r"with another plan; choose another folder or remove it\.$"
    ):
        Training(plan_of(epochs=2), tmp_path).run(samples[:1], samples[1:], Log())
    assert (tmp_path / CHECKPOINT).read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"no checkpoint", "half", {"foreign": 1}])
def test_a_damaged_checkpoint_is_refused(samples, tmp_path, content):
    path = tmp_path / CHECKPOINT
    if content == "half":
        Training(plan_of(epochs=1, patches=1), tmp_path).run(samples[:1], samples[1:], Log())
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif isinstance(content, dict):
        torch.save(content, path)
    else:
        path.write_bytes(content)
    with pytest.raises(
        InvalidInput, match=r"no checkpoint of a training \(\w+\); remove it to begin afresh\.$"
    ):
        Training(plan_of(epochs=1, patches=1), tmp_path).run(samples[:1], samples[1:], Log())


@pytest.mark.parametrize(("key", "value"), [("architecture", "transformer"), ("loss", "L2")])
def test_a_plan_with_what_there_is_not(key, value):
    with pytest.raises(InvalidInput, match=rf"^{key} is '{value}'; .*allowed: "):
        TrainingPlan(**{key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("learning_rate", float("inf")),
        ("learning_rate", float("nan")),
        ("learning_rate", 0.0),
        ("average", 1.5),
        ("settled", -0.1),
        ("epochs", 0),
        ("patience", 1.5),
    ],
)
def test_a_plan_by_which_nothing_is_learned(key, value):
    with pytest.raises(InvalidInput, match=rf"^{key.replace('_', ' ')} is .*; it must be "):
        TrainingPlan(**{key: value})


def test_a_training_that_diverges_is_refused(samples, tmp_path):
    plan = plan_of(epochs=3, patches=4, learning_rate=1e30)
    with pytest.raises(InvalidInput, match=r"diverged in epoch \d: .* below 1e\+30"):
        Training(plan, tmp_path).run(samples[:1], samples[1:], Log())


def test_untrained_the_residual_is_that_of_the_source(samples):
    (sample, _) = samples
    perfect = sample.linear[FROM_SOURCE] - sample.linear[AT_TARGET]
    counted = sample.weight > 0.0
    loss = (sample.weight * (sample.target - perfect) ** 2)[counted].mean()
    network = network_of(plan_of()).eval()
    assert validation_loss(network, [sample], "squared", "cpu") == pytest.approx(loss, rel=1e-3)
