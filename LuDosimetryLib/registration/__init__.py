"""Registration of the time points: their CTs onto that of the reference, and the scans with them."""
