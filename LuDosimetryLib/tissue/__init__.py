"""From CT numbers to density, media and compositions; radionuclides."""
