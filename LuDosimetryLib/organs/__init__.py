"""Doses of volumes of interest, their uncertainty and their biological effect."""
