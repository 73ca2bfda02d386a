"""Registration of the time points: each scan moves with its CT onto the CT of the reference."""
