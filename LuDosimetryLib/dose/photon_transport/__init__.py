"""Photons through the patient by discrete ordinates: no noise, and linear in activity."""
