"""MNIST: its data, networks and objective; the loop is that of `training.core.loop`."""
