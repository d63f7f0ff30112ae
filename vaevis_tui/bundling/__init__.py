"""From somebody's decoder, encoder and pictures to a bundle that the explorer makes most of."""
