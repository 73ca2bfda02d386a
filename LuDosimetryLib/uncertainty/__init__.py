"""Standard uncertainty of organ doses, after Gear et al. 2018."""
