"""Pixels to terminal bytes: layout, encoders, the link that every frame passes, and its statistics."""
