import pytest

from LuDosimetryLib.voi.groups import FEW, MOST_TOGETHER, arranged
from LuDosimetryLib.voi.totalsegmentator import CLASS_LISTS

TOTAL = [*CLASS_LISTS["totalsegmentator-v2"].names.values()]
TUMOURS = [f"tumour {n}" for n in range(1, 61)]


def titles(arrangement):
    return {group.title: group for group in arrangement.groups}


def test_a_few_stay_as_they_are():
    names = ["rib 1", "liver", "aorta", *(f"tumour {n}" for n in range(FEW - 3))]
    found = arranged(names)
    assert [(group.title, list(group.shown)) for group in found.groups] == [("", names)]
    assert found.together == [("", names)]
    assert found.folded == []


@pytest.mark.parametrize("names", [known.names.values() for known in CLASS_LISTS.values()])
def test_every_class_of_totalsegmentator_is_in_a_group_it_belongs_to(names):
    found = titles(arranged(names))
    assert set(found) == {"Organs at risk", "Other organs", "Vessels", "Bones and muscles"}
    assert set(found["Organs at risk"].shown) == {
        *("kidney_right", "kidney_left", "liver", "spleen", "urinary_bladder")
    }
    assert {"kidney_cyst_left", "gallbladder", "adrenal_gland_left", "heart", "lung_left"} & set(
        names
    ) <= set(found["Other organs"].folded)
    assert {"aorta", "portal_vein_and_splenic_vein", "pulmonary_artery"} & set(names) <= set(
        found["Vessels"].folded
    )
    assert {"rib_left_7", "vertebrae_L1", "gluteus_medius_left", "hip_left", "vertebrae"} & set(
        names
    ) <= set(found["Bones and muscles"].folded)


def test_none_is_lost_and_none_doubled():
    names = [*TOTAL, *TUMOURS, "kidneys", "VOI 3"]
    found = arranged(names)
    assert sorted([*found.shown, *found.folded]) == sorted(names)
    assert list(found.places.values()) == list(range(len(found.shown)))


def test_organs_at_risk_come_in_the_order_of_their_reports():
    names = [
        *("bladder", "lumbar marrow", "spleen", "liver", "parotid_left", "left kidney", "aorta"),
        *("right kidney", "kidneys", "lacrimal gland left", "brain", "heart", "colon"),
    ]
    assert arranged(names).groups[0].shown == (
        *("left kidney", "right kidney", "kidneys", "parotid_left", "lacrimal gland left"),
        *("liver", "spleen", "lumbar marrow", "bladder"),
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("liver_mets_2", "Tumours"),
        ("LiverTumor3", "Tumours"),
        ("GTV1", "Tumours"),
        ("bone metastases", "Tumours"),
        ("vertebral metastasis", "Tumours"),
        ("kidney lesion", "Tumours"),
        ("liver without tumours", "Organs at risk"),
        ("non-tumour liver", "Organs at risk"),
        ("Kidney_L", "Organs at risk"),
        ("Metal implant", "Other volumes"),
        ("remainder of the body", "Other volumes"),
        ("VOI 7", "Other volumes"),
        ("liver vessels", "Vessels"),
        ("hippocampus", "Other volumes"),
        ("Right lung", "Other organs"),
    ],
)
def test_names_as_people_write_them(name, title):
    group = titles(arranged([*TOTAL, name]))[title]
    assert name in (*group.shown, *group.folded)


def test_of_many_tumours_the_largest_are_shown():
    volumes = {name: 1.0 + (7 * n) % 60 for n, name in enumerate(TUMOURS)}
    found = titles(arranged(["liver", *TUMOURS], volumes_mL=volumes))["Tumours"]
    assert len(found.shown) == MOST_TOGETHER
    assert min(volumes[n] for n in found.shown) > max(volumes[n] for n in found.folded)
    assert list(found.shown) == [name for name in TUMOURS if name in found.shown]
    assert found.heading == "Tumours (10 largest of 60)"


def test_what_is_chosen_is_shown_and_nothing_else():
    found = arranged([*TOTAL, *TUMOURS], ["kidneys", "tumour 42", "brain"])
    assert found.shown == ["kidney_right", "kidney_left", "tumour 42", "brain"]
    assert arranged(["liver", "spleen"], ["spleen"]).folded == ["liver"]


def test_a_whole_name_means_that_volume_alone():
    assert arranged([*TOTAL, *TUMOURS], ["tumour 4"]).shown == ["tumour 4"]


def test_a_choice_of_nothing_that_is_there_is_the_usual_choice():
    assert arranged(TOTAL, ["lacrimal"]) == arranged(TOTAL)


def test_what_must_be_seen_is_shown():
    found = arranged([*TOTAL, *TUMOURS], always=["tumour 60", "brain"])
    assert {"tumour 60", "brain"} < set(found.shown)


def test_something_is_always_shown():
    ribs = [name for name in TOTAL if name.startswith("rib")]
    assert arranged(ribs).shown == ribs[:MOST_TOGETHER]


def test_figures_never_have_more_curves_than_colours():
    found = arranged([*TOTAL, *TUMOURS], ["rib", "tumour", "kidney"])
    assert len(found.shown) > 80
    assert max(len(names) for _, names in found.together) == MOST_TOGETHER
    assert [name for _, names in found.together for name in names] == found.shown
