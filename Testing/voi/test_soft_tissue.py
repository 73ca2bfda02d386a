"""Volumes of interest that are soft tissue by their names."""

import numpy as np
import pytest

from LuDosimetryLib.base.log import Log
from LuDosimetryLib.voi.soft_tissue import is_soft, without_contrast_medium
from LuDosimetryLib.voi.totalsegmentator import CLASS_LISTS


@pytest.mark.parametrize(
    "name",
    [
        *("left kidney", "Kidneys", "kidney_right", "liver tumour 2", "liver without tumours"),
        *("spleen", "urinary bladder", "small_bowel", "colon", "aorta", "inferior_vena_cava"),
        *("heart_atrium_left", "Parotid gland left", "gallbladder", "lymph node 3"),
    ],
)
def test_soft(name):
    assert is_soft(name)


@pytest.mark.parametrize(
    "name",
    [
        *("lumbar marrow", "vertebral metastasis", "vertebrae_L3", "rib_left_4", "sacrum", "skull"),
        *("bone metastasis 1", "tumour 3", "lesion", "left lung", "kidney stone", "femur_left"),
    ],
)
def test_not_known_to_be_soft(name):
    assert not is_soft(name)


def test_no_bone_of_totalsegmentator_is_soft():
    bones = (
        "vertebra",
        "rib",
        "femur",
        "hip_",
        "humerus",
        "scapula",
        "clavicula",
        "skull",
        "sternum",
    )
    names = set(CLASS_LISTS["totalsegmentator-v2"].names.values())
    assert not [n for n in names if n.startswith(bones) and is_soft(n)]
    assert sum(is_soft(n) for n in names) > 30


def test_contrast_medium_is_no_calcium_and_is_remarked_on():
    calcium = np.zeros((4, 4, 4), np.float32)
    calcium[:2] = 0.045
    calcium[3, 3, 3] = 0.045
    kidney, spine, liver = (np.zeros(calcium.shape, bool) for _ in range(3))
    kidney[1:3], spine[0], liver[3] = True, True, True
    log = Log()
    vois = {"left kidney": kidney, "vertebra": spine, "liver": liver}
    cleared = without_contrast_medium(calcium, vois, log)
    assert not cleared[1:].any()
    assert (cleared[0] == calcium[0]).all()
    assert calcium[1].all()  # the input stays
    (remark,) = log.remarks
    assert "left kidney (50 %), liver (6 %)" in remark
    assert set(log.remarks_of_vois) == {"left kidney", "liver"}
