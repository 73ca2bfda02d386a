"""Foundations of every room: errors, checks, remarks and progress, storage, resources."""
