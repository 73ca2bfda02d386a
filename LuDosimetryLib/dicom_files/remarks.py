"""What is said of files to the user, each once."""


def say_once(remarks: list[str], remark: str) -> None:
    """Add a remark that is not there yet."""
    if remark not in remarks:
        remarks.append(remark)
