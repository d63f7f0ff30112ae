"""Colour depths, palettes, dithering and SGR sequences."""
