"""Absorbed dose from time-integrated activity: the methods, one file each, one interface."""
