"""Tools that made the numbers that ship; a dose calculation needs none of them."""
