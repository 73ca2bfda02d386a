"""Two doses of one patient in numbers: Bland-Altman, correlation, error maps, organ differences."""
