"""How well integrations of activity over time meet kinetics that are known."""
