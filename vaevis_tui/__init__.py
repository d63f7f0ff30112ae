"""Walk through the latent space of a variational autoencoder, live, in a terminal."""

__version__ = "0.1.0"
