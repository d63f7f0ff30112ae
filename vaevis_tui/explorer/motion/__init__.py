"""What moves the point by itself, and at which pace."""
