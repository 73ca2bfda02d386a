"""The residual network at run time."""
