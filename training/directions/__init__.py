"""Named directions: found in a bundle's latent space, tried on images that were held out, written into it."""
