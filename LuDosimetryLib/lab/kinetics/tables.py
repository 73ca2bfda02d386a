"""The tables of the study of kinetics, to be read."""

from collections.abc import Iterable, Iterator, Sequence

from .record import Record, Summary

__all__ = ["as_markdown"]

_BLADDER = "urinary bladder"
_HEAD = """# Integration of activity over time

How far each integration is from known kinetics, and whether the standard uncertainty that is stated
covers that. Made by `python -m LuDosimetryLib.lab.kinetics.study -o DIR`.

Error: mean dose over the true one less one. Bias and SD: mean and standard deviation of the errors of
all volumes. Within 2 u: part of the truths within two stated standard uncertainties, of the part
"time-activity curve" of the budget alone. Median u: of these uncertainties. rms/u: root mean square of
error over stated uncertainty; 1 is just right, less is cautious.
"""
_PHANTOMS = """
## Virtual patients

The virtual patients of the seeds 1 to 12 and the sample case, scanned with the noise and the blur of a
scanner; all volumes of 10 mL and more. The truth is the dose of the true time-integrated activity with
the same blur, so that kinetics and noise alone count. Beside the four scans of the cases others were made
with the same scanner. Their scans do not err but by noise, so that stated uncertainties, which expect 5 % a
scan, are cautious. The urinary bladder loses nine tenths of its activity in a day and a half, and what later
scans show there is its surroundings: the second bias, SD and worst, median u and rms/u are without it.

| scans [h] | integration | bias | SD | worst | within 2 u | bias | SD | worst | median u | rms/u |
|---|---|---|---|---|---|---|---|---|---|---|
"""
_DEFAULT = """
## Virtual patients: bayesian, scans at 4, 24, 48, 120 h

| volume | count | bias | SD | worst | within 2 u | median u |
|---|---|---|---|---|---|---|
"""
_VOLUMES = """
## Simulated volumes

Volumes of four kinds of tissue (kidney, liver and spleen, tumour, blood and marrow; 300 of each) whose
kinetics are sums of exponentials with the spread between patients, none of them of the function that the
Bayesian fit assumes. Every scan errs at random by 5 %, as the options of a case expect.

| scans [h] | integration | bias | SD | worst | within 2 u | median u | rms/u |
|---|---|---|---|---|---|---|---|
"""


def as_markdown(phantoms: Sequence[Record], volumes: Sequence[Record]) -> str:
    """All tables."""
    text = _HEAD + _PHANTOMS
    for scans, way, chosen in _grouped(phantoms):
        found = Summary.of(chosen)
        rest = Summary.of([r for r in chosen if r.volume != _BLADDER])
        text += _row(
            *(scans, way, *_errors(found), _percent(found.within_two)),
            *(*_errors(rest), f"{rest.stated_percent:.1f}", f"{rest.error_over_stated:.2f}"),
        )
    text += _default(phantoms) + _VOLUMES
    for scans, way, chosen in _grouped(volumes):
        found = Summary.of(chosen)
        text += _row(
            *(scans, way, *_errors(found), _percent(found.within_two)),
            *(f"{found.stated_percent:.1f}", f"{found.error_over_stated:.2f}"),
        )
    return text


def _grouped(records: Sequence[Record]) -> Iterator[tuple[str, str, list[Record]]]:
    """Records by their scans and integration."""
    for scans in _distinct(record.scans_h for record in records):
        for way in _distinct(record.integration for record in records):
            chosen = [r for r in records if r.scans_h == scans and r.integration == way]
            if chosen:
                yield scans, way, chosen


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _errors(found: Summary) -> tuple[str, str, str]:
    """Bias, standard deviation, and the worst error with its volume."""
    return _signed(found.bias_percent), f"{found.sd_percent:.1f}", _worst(found.worst)


def _percent(part: float) -> str:
    return f"{100.0 * part:.0f} %"


def _default(records: Sequence[Record]) -> str:
    text = _DEFAULT
    chosen = [r for r in records if r.scans_h == "4, 24, 48, 120" and r.integration == "bayesian"]
    for kind in sorted({_kind(r) for r in chosen}):
        found = Summary.of([r for r in chosen if _kind(r) == kind])
        text += _row(
            *(kind, str(found.count), _signed(found.bias_percent), f"{found.sd_percent:.1f}"),
            *(_signed(found.worst.error_percent), _percent(found.within_two)),
            f"{found.stated_percent:.1f}",
        )
    return text


def _kind(record: Record) -> str:
    """Name of a VOI without its number or side."""
    words = [w for w in record.volume.split() if not w.isdigit() and w not in ("left", "right")]
    return " ".join(words)


def _worst(record: Record) -> str:
    where = "" if record.volume.isdigit() else f" {record.volume} ({record.of})"
    return _signed(record.error_percent) + where


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
