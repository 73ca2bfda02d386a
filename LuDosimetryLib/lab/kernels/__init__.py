"""Calculation of the shipped point kernels by Monte Carlo."""
