"""A card says of its network what is true of it: what it saw, whose data they were, what it cannot."""

from dataclasses import replace

import numpy as np
import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.lab.training.plan import TrainingPlan
from LuDosimetryLib.lab.training.training_record import (
    card_of,
    credits_of,
    dataset_record,
    limits_of,
    refuse_seen,
    training_record,
)

PLAN = TrainingPlan(size={"maps": 2}, epochs=3)


@pytest.fixture
def card(dataset_of):
    """Trained with two patients, stopped by a third."""
    learning = [
        replace(dataset_of("p1", seed=1), source="CT of p1, by A"),
        replace(dataset_of("p2", seed=2), source="CT of p2, by B"),
    ]
    record = training_record(PLAN, learning, [dataset_of("p3", seed=3)], None)
    return replace(card_of(PLAN, learning), training=record)


def test_what_is_recorded_of_a_dataset(dataset_of):
    dataset = replace(dataset_of("p1", cycle=2), source="CT of p1, by A")
    inside = np.argwhere(dataset.reported)[:7]
    dataset.density[tuple(inside.T)] = 4.5
    record = dataset_record(dataset)
    assert record.pop("density_sha256")
    assert record == {
        "name": "p1-2",
        "patient": "p1",
        "source": "CT of p1, by A",
        "nuclide": "Lu-177",
        "voxel_mm": 3.87,
        "metal_mL": pytest.approx(7 * 0.387**3, abs=0.005),
        "monte_carlo": "none",
        "decays": 1,
    }
    assert dataset_record(replace(dataset, source=""))["source"] == "origin not stated"


def test_the_card_is_of_the_datasets(dataset_of):
    found = card_of(PLAN, [dataset_of("p1"), dataset_of("p2")])
    assert (found.architecture, found.size) == ("linear", {"maps": 2})
    assert (found.voxel_mm, found.nuclide, found.media) == (3.87, "Lu-177", 20)
    assert (found.licence, found.limits, found.credits) == ("not stated", [], [])


def coarser(dataset):
    return replace(dataset, grid=Grid.axial(dataset.grid.shape, (4.8,) * 3))


def flatter(dataset):
    return replace(dataset, grid=Grid.axial(dataset.grid.shape, (5.0, 3.87, 3.87)))


def other_nuclide(dataset):
    return replace(dataset, nuclide="Y-90")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (coarser, "the dataset p2-1 has a voxel side of 4.8 mm, and p1-1 one of 3.87 mm"),
        (flatter, "the dataset p2-1 has a voxel side of 5 mm"),
        (other_nuclide, "of several nuclides (Lu-177 in p1-1, Y-90 in p2-1)"),
    ],
)
def test_datasets_that_make_no_network_together(dataset_of, change, reason):
    with pytest.raises(InvalidInput) as caught:
        card_of(PLAN, [dataset_of("p1"), change(dataset_of("p2"))])
    assert reason in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patient", "seed", "seen_as"),
    [("p1", 9, "p1-1"), ("renamed", 2, "p2-1"), ("p3", 9, "p3-1"), ("renamed", 3, "p3-1")],
)
def test_what_was_trained_or_stopped_with_is_no_test(card, dataset_of, patient, seed, seen_as):
    with pytest.raises(
        InvalidInput, match=rf"the dataset {patient}-2 is .*\(as {seen_as}\), and no external test"
    ):
        refuse_seen(card, [dataset_of("p8", seed=8), dataset_of(patient, cycle=2, seed=seed)])


@pytest.mark.slow
def test_others_are_a_test(card, dataset_of):
    refuse_seen(card, [dataset_of("p8", seed=8), dataset_of("p9", seed=9)])


@pytest.mark.slow
def test_what_the_start_has_seen_was_seen(card, dataset_of):
    second = training_record(PLAN, [dataset_of("p4", seed=4)], [dataset_of("p5", seed=5)], card)
    with pytest.raises(InvalidInput, match="as p2-1"):
        refuse_seen(replace(card, training=second), [dataset_of("renamed", seed=2)])
    assert credits_of(second, [])[1:] == ["Training: CT of p1, by A.", "Training: CT of p2, by B."]


def test_credits_are_those_of_the_data(card, dataset_of):
    external = dataset_record(replace(dataset_of("p9", seed=9), source="CT of p9, by C"))
    assert credits_of(card.training, [external, external]) == [
        "Training: CT of p1, by A.",
        "Training: CT of p2, by B.",
        "Training: origin not stated.",
        "External test, not trained with: CT of p9, by C.",
    ]


def test_limits_follow_from_data_and_study(card, dataset_of):
    dense = dataset_of("p4", seed=4)
    dense.density[tuple(np.argwhere(dense.reported)[:20].T)] = 5.0
    study = [
        {"volumes of interest": "spleen", "unet MAE [%]": 0.5, "unet greatest [%]": 9.0},
        {"volumes of interest": "lungs", "unet MAE [%]": 1.337, "unet greatest [%]": 2.7736},
    ]
    found = limits_of(
        replace(
            card,
            architecture="paper",
            nuclide="Y-90",
            voxel_mm=4.8,
            training=training_record(PLAN, [dense, dataset_of("p5", seed=5)], [], card),
            validation={"leave-one-patient-out": {"organs": study}},
        )
    )
    assert found == [
        "Y-90 only; other nuclides have other electrons and photons.",
        "Trained at voxels of 4.8 mm; other sizes are resampled to it and back.",
        "It learned from Monte Carlo (none), whose media follow the CT.",
        "Metal and dense contrast medium are taken for bone, as by all methods here, outside volumes that are soft tissue by name; 1.2 mL in 1 of 5 "
        "datasets of the training were denser than 2.3 g/cm3.",
        "Not linear in activity: the dose of two activities is not exactly the sum of their doses.",
        "Worst in the leave-one-patient-out study: lungs, 1.3 % on average and 2.8 % at most.",
        "Research use only.",
    ]
    assert not any("Not linear" in limit for limit in limits_of(card))
