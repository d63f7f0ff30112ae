"""Images drawn as characters."""
