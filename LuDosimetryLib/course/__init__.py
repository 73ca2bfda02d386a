"""The treatment course of one patient: the cycles' doses added up."""
