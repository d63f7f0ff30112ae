"""Networks, priors, posteriors, and what they are trained by."""
