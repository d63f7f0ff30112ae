"""Anybody's pictures: ``vaevis-train FOLDER --out BUNDLE``."""
