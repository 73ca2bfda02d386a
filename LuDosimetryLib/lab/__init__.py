"""What made the numbers that ship, and what a dose does not need."""
