"""Many cases calculated one after another or side by side, and their common summary."""
