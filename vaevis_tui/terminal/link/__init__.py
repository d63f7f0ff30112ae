"""Pacing: which frames go to the terminal, when, and how large they may be."""
