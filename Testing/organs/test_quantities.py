"""Each organ quantity is declared once: all outputs follow from the table."""

from dataclasses import fields

from LuDosimetryLib.organs.quantities import (
    FAMILIES,
    QUANTITIES,
    OrganDose,
    Quantity,
    Shown,
    for_reading,
    shown_in,
)


def test_every_attribute_has_an_entry_in_its_order():
    families = {family.attribute for family in FAMILIES}
    names = [f.name for f in fields(OrganDose) if f.name != "name"]
    assert [q.attribute for q in QUANTITIES] == [name for name in names if name not in families]
    assert families <= set(names)
    for quantity in QUANTITIES:
        kind = next(f.type for f in fields(OrganDose) if f.name == quantity.attribute)
        assert kind in (float, float | None)


def test_columns_of_earlier_versions_stay():
    """Of organs.csv, cohort.csv and course.csv, whose readers know them by name and place."""
    assert " ".join(q.attribute for q in QUANTITIES if not q.in_family).startswith(
        "volume_mL mass_g tia_MBq_h mean_dose_Gy std_dose_Gy min_dose_Gy max_dose_Gy D98_Gy D50_Gy D2_Gy "
        "standard_uncertainty_Gy volume_uncertainty_percent recovery_coefficient mean_dose_without_recovery_Gy "
        "dose_per_activity_Gy_GBq effective_half_life_h BED_Gy network_correction_percent"
    )
    assert [q.attribute for q in shown_in(Shown.COHORT)][:11] == [
        *("volume_mL", "mass_g", "tia_MBq_h", "mean_dose_Gy", "standard_uncertainty_Gy"),
        *("D98_Gy", "D50_Gy", "D2_Gy", "dose_per_activity_Gy_GBq", "effective_half_life_h"),
        "BED_Gy",
    ]
    assert [q.attribute for q in shown_in(Shown.COURSE)][:5] == [
        *("mean_dose_Gy", "standard_uncertainty_Gy", "dose_per_activity_Gy_GBq"),
        *("effective_half_life_h", "BED_Gy"),
    ]


def test_codes_are_unique_and_short_enough_for_dicom():
    codes = [(q.code.scheme, q.code.value, q.code.derivation) for q in QUANTITIES]
    assert len(set(codes)) == len(codes)
    for quantity in QUANTITIES:
        assert len(quantity.code.value) <= 16
        assert len(quantity.code.meaning) <= 64


def test_tables_for_reading_leave_out_what_no_organ_has_and_begin_with_the_answer():
    organ = OrganDose("a", *[1.0] * 10, standard_uncertainty_Gy=0.1)
    assert [q.attribute for q in for_reading(Shown.ANSWER, [organ])] == [
        *("mean_dose_Gy", "standard_uncertainty_Gy", "volume_mL", "mass_g"),
    ]
    assert for_reading(Shown.ANSWER, []) == []
    assert all(isinstance(q, Quantity) for q in QUANTITIES)
