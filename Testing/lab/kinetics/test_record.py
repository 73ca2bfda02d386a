"""What many records say together."""

import pytest

from LuDosimetryLib.lab.kinetics.record import Record, Summary, read_records, records_as_csv

RECORDS = [
    Record("1", "liver", "4, 24", "bayesian", 10.0, 5.0),
    Record("1", "spleen", "4, 24", "bayesian", -20.0, 10.0),
    Record("2", "liver", "4, 24", "bayesian", 1.0, 4.0),
]


def test_a_summary_by_hand():
    found = Summary.of(RECORDS)
    assert found.count == 3
    assert found.bias_percent == pytest.approx(-3.0)
    assert found.sd_percent == pytest.approx(((13.0**2 + 17.0**2 + 4.0**2) / 3.0) ** 0.5)
    assert found.worst is RECORDS[1]
    # 10 % too high is 9.1 % of the stated dose, 20 % too low is 25 % of it
    parts = [10.0 / 1.1 / 5.0, 20.0 / 0.8 / 10.0, 1.0 / 1.01 / 4.0]
    assert found.within_two == pytest.approx(2.0 / 3.0)
    assert found.stated_percent == 5.0
    assert found.error_over_stated == pytest.approx((sum(p**2 for p in parts) / 3.0) ** 0.5)


def test_records_come_back_from_their_file():
    assert read_records(records_as_csv(RECORDS)) == RECORDS
