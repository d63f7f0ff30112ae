"""How z goes into a decoder: which inputs take it, and what the others are set to."""
