import pytest

from LuDosimetryLib.case.tissue_response import TissueResponse
from LuDosimetryLib.organs.biological_effect import response_of
from LuDosimetryLib.voi.aliases import best_of, stands_for
from LuDosimetryLib.voi.terminology import terminology_of
from LuDosimetryLib.voi.totalsegmentator import CLASS_LISTS

CLASSES = {name for known in CLASS_LISTS.values() for name in known.names.values()}


@pytest.mark.parametrize(
    ("key", "classes"),
    [
        ("kidney", {"kidney_left", "kidney_right"}),
        ("kidneys", {"kidney_left", "kidney_right"}),
        ("bladder", {"urinary_bladder"}),
        ("gallbladder", {"gallbladder"}),
        ("liver", {"liver"}),
        ("spleen", {"spleen"}),
        ("bowel", {"small_bowel", "colon", "duodenum"}),
        ("thyroid", {"thyroid_gland"}),
        ("adrenal", {"adrenal_gland_left", "adrenal_gland_right"}),
        ("marrow", set()),
        ("prostate", {"prostate"}),
    ],
)
def test_classes_of_totalsegmentator(key, classes):
    assert {name for name in CLASSES if stands_for(key, name)} == classes


def test_lungs_are_their_lobes():
    meant = {name for name in CLASSES if stands_for("lungs", name)}
    assert meant == {name for name in CLASSES if name.startswith("lung_")}
    assert len(meant) == 7


@pytest.mark.parametrize(
    ("key", "name", "meant"),
    [
        ("kidney", "Left kidney", True),
        ("kidney", "KIDNEY-L", True),
        ("kidney", "leftkidney", True),
        ("kidney", "kidney cyst left", False),
        ("kidney cyst", "kidney_cyst_left", True),
        ("Left Kidney", "left_kidney", True),
        ("marrow", "bone marrow", True),
        ("liver", "liver without tumours", True),
        ("liver", "kidney", False),
        ("bladder", "Gall bladder", False),
        ("bladder", "bladder wall", True),
    ],
)
def test_names_by_hand(key, name, meant):
    assert stands_for(key, name) == meant


def test_the_longest_name_is_meant():
    keys = ("kidney", "kidney left", "liver")
    assert best_of(keys, "kidney_left") == "kidney left"
    assert best_of(keys, "kidney_right") == "kidney"
    assert best_of(keys, "spleen") is None
    responses = {"kidney": TissueResponse(2.6, 2.8)}
    assert response_of("kidney_left", responses) is responses["kidney"]
    assert response_of("kidney_cyst_left", responses) is None


def test_terminology_of_classes():
    assert terminology_of("kidney_left")[1] == ("SCT", "64033007", "Kidney")
    assert terminology_of("urinary_bladder")[1] == ("SCT", "89837001", "Urinary bladder")
    assert terminology_of("lung_upper_lobe_left")[1] == ("SCT", "39607008", "Lung")
    assert terminology_of("kidney_cyst_left")[1][2] == "Cyst"
