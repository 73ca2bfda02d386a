"""Coupled photon-electron Monte Carlo with ompMC: emissions, media, transport, batches."""
