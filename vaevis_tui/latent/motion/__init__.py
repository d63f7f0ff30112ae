"""Motion in the latent space: arcs, journeys, and random walks with and without an end."""
