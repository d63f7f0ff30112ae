"""The latent space and motion in it: pure NumPy, no input or output, nothing of the other packages."""
