"""The shell's verbs."""
