"""The uncertainty budget of an organ dose."""
