"""Virtual patients: anatomy, uptake, scanner, and the sample case."""
