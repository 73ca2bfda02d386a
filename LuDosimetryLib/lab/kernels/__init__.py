"""The point kernels that ship, made by Monte Carlo."""
