"""Images as files: PNG that carries the latent vector it was decoded from."""
