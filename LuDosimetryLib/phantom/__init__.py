"""Virtual patients: the sample case and phantoms by seed."""
