"""What every room rests on: errors, checks, progress, storage, resources."""
