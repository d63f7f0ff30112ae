"""How the image comes out of a decoder: its axes, and which of its values are black and white."""
