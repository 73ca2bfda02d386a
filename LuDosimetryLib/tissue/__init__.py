"""Tissue from CT numbers (density, media, elemental compositions), and radionuclides."""
