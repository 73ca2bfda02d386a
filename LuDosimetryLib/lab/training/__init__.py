"""Training and testing the residual network."""
