"""What is asked: a patient's case, its options and its file."""
