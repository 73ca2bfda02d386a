"""The two ways a calculation ends early, apart from a defect."""


class InvalidInput(ValueError):
    """Input that cannot be used: one sentence with the file, the value and what is allowed."""


class Cancelled(Exception):
    """Raised from a progress callable to stop a calculation; nothing half-written remains."""
