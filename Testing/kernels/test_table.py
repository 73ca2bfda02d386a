"""The ``kernels`` verb's table."""

import json

import pytest

from LuDosimetryLib.base.errors import InvalidInput
from LuDosimetryLib.kernels.table import KernelTable


def test_json_has_the_contract_s_keys():
    found = json.loads(KernelTable.of((4.0, 4.0, 4.0), 1.0, "water").as_json())
    assert found["unit"] == "mGy/(MBq s)"
    assert set(found["values"]) == {"000", "100", "110", "111", "200", "300", "500"}
    assert found["absorbed_keV_per_decay"] > 180.0


def test_first_digit_is_x():
    values = KernelTable.of((2.0, 4.0, 4.0), 1.0, "water").as_dict()["values"]
    mirrored = KernelTable.of((4.0, 2.0, 4.0), 1.0, "water")
    assert values["100"] == pytest.approx(mirrored.values[0, 1, 0], rel=1e-5)


def test_table_file(tmp_path):
    table = KernelTable.of((8.0, 8.0, 8.0), 1.0, "soft")
    table.write(tmp_path / "kernel.csv")
    rows = (tmp_path / "kernel.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "i,j,k,S [mGy/(MBq s)]"
    assert len(rows) == 1 + 6**3
    assert float(rows[1].split(",")[3]) == pytest.approx(table.values[0, 0, 0], rel=1e-5)


@pytest.mark.parametrize(
    ("voxel", "density", "composition", "expected"),
    [
        ((4.0, 4.0, 4.0), 1.0, "cheese", "known compositions: water"),
        ((4.0, 4.0, 4.0), 100.0, "water", "allowed: 0.01 to 20"),
        ((400.0, 4.0, 4.0), 1.0, "water", "allowed: 0.1 to 100"),
    ],
)
def test_bad_input(voxel, density, composition, expected):
    with pytest.raises(InvalidInput, match=expected):
        KernelTable.of(voxel, density, composition)
