"""The residual network: its data, training, validation and use."""
