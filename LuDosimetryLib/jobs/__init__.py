"""Calculations in processes of their own."""
