"""Remarks once, progress nested."""

import pytest

from LuDosimetryLib.base.errors import Cancelled
from LuDosimetryLib.base.log import Log


def test_a_remark_is_kept_once_and_shared_by_all_parts():
    log = Log()
    log.remark("one")
    log.part(0.5).remark("two")
    log.remark("one")
    assert log.remarks == ["one", "two"]


def test_remarks_know_the_volumes_that_they_concern():
    log = Log()
    log.remark("of all")
    log.part(0.5).remark("of two", ["a", "b"])
    log.remark("of one", ["b"])
    log.remark("of two", ["c"])
    log.without_remarks().remark("again", ["a"])
    assert log.remarks == ["of all", "of two", "of one"]
    assert log.remarks_of_vois == {"a": [1], "b": [1, 2], "c": [1]}


def test_parts_follow_each_other_and_nest():
    reported: list[tuple[float, str]] = []
    log = Log(lambda fraction, message: reported.append((fraction, message)))
    first = log.part(0.4, "first")
    inner = first.part(0.5, "inner")
    inner.at(1.0)
    first.at(0.75)
    log.part(0.6, "second").at(0.5, "in its middle")
    messages = ["first", "inner", "inner", "first", "second", "in its middle"]
    assert [message for _, message in reported] == messages
    assert [fraction for fraction, _ in reported] == pytest.approx([0.0, 0.0, 0.2, 0.3, 0.4, 0.7])


def test_cancelling_passes_through():
    def stop(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Log(stop).part(0.1, "any")


def test_what_is_calculated_again_makes_no_remarks():
    reported: list[float] = []
    log = Log(lambda fraction, message: reported.append(fraction))
    log.at(0.5)
    again = log.without_remarks()
    again.remark("made before")
    again.at(0.5)
    assert log.remarks == []
    assert reported == [0.5, 0.75]


def test_a_request_to_cancel_is_noticed_without_new_progress():
    reported: list[tuple[float, str]] = []

    def progress(fraction: float, message: str) -> None:
        reported.append((fraction, message))
        if len(reported) > 2:
            raise Cancelled

    part = Log(progress).part(0.5, "long")
    part.at(0.5)
    with pytest.raises(Cancelled):
        part.check_cancelled()
    assert reported == [(0.0, "long"), (0.25, "long"), (0.25, "long")]
