"""What ``vaevis-tui bench`` measures: decoding, encoding, and the explorer itself on a pseudo-terminal."""
