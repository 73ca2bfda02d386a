"""A finished calculation as data."""
