"""Kernels that are timed on the device, the choice among them, and what is kept of it."""
