"""Progress of one of several trainings or datasets, whose name stands before each message."""

from ...base.log import Log

__all__ = ["named_log"]


def named_log(name: str, log: Log) -> Log:
    """Make a log that puts a name before what it tells another; they share the remarks."""
    named = Log(lambda fraction, message: log.at(fraction, f"{name}: {message}"))
    named.remarks = log.remarks
    return named
