"""The report a person reads: figures, pictures in patient orientation, and one HTML file."""
