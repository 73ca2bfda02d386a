"""One dose against a reference: error maps, organs, correlation, Bland-Altman, dose lines."""
